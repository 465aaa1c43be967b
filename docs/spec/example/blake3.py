"""BLAKE3: plain, keyed and key-derivation modes, with output of any length."""

IV = [
    0x6A09E667,
    0xBB67AE85,
    0x3C6EF372,
    0xA54FF53A,
    0x510E527F,
    0x9B05688C,
    0x1F83D9AB,
    0x5BE0CD19,
]
PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
MASK = 0xFFFFFFFF
BLOCK, CHUNK = 64, 1024
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
KEYED_HASH, DERIVE_KEY_CONTEXT, DERIVE_KEY_MATERIAL = 16, 32, 64
COLUMNS_AND_DIAGONALS = [
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
]


def words(data):
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]


def rotate(x, n):
    return (x >> n) | ((x << (32 - n)) & MASK)


def compress(chaining, block, counter, length, flags):
    """Returns all 16 words of the compression function; `block` is 16 words."""
    v = chaining + IV[:4] + [counter & MASK, counter >> 32, length, flags]
    for round_number in range(7):
        for i, (a, b, c, d) in enumerate(COLUMNS_AND_DIAGONALS):
            v[a] = (v[a] + v[b] + block[2 * i]) & MASK
            v[d] = rotate(v[d] ^ v[a], 16)
            v[c] = (v[c] + v[d]) & MASK
            v[b] = rotate(v[b] ^ v[c], 12)
            v[a] = (v[a] + v[b] + block[2 * i + 1]) & MASK
            v[d] = rotate(v[d] ^ v[a], 8)
            v[c] = (v[c] + v[d]) & MASK
            v[b] = rotate(v[b] ^ v[c], 7)
        if round_number < 6:
            block = [block[i] for i in PERMUTATION]
    return [v[i] ^ v[i + 8] for i in range(8)] + [v[i + 8] ^ chaining[i] for i in range(8)]


class Node:
    """The last compression of a chunk or parent, which may turn out to be the root's."""

    def __init__(self, chaining, block, counter, length, flags):
        self.chaining, self.block, self.counter, self.length, self.flags = (
            chaining,
            block,
            counter,
            length,
            flags,
        )

    def value(self):
        return compress(self.chaining, self.block, self.counter, self.length, self.flags)[:8]

    def output(self, length):
        out = b""
        counter = 0
        while len(out) < length:
            piece = compress(self.chaining, self.block, counter, self.length, self.flags | ROOT)
            out += b"".join(word.to_bytes(4, "little") for word in piece)
            counter += 1
        return out[:length]


def chunk_node(key, data, counter, flags):
    blocks = [data[i : i + BLOCK] for i in range(0, len(data), BLOCK)] or [b""]
    chaining = key
    for i, block in enumerate(blocks):
        block_flags = (
            flags | (CHUNK_START if i == 0 else 0) | (CHUNK_END if i == len(blocks) - 1 else 0)
        )
        node = Node(chaining, words(block.ljust(BLOCK, b"\0")), counter, len(block), block_flags)
        if i < len(blocks) - 1:
            chaining = node.value()
    return node


def tree_node(key, data, first_chunk, flags):
    if len(data) <= CHUNK:
        return chunk_node(key, data, first_chunk, flags)
    left = CHUNK
    while 2 * left < len(data):
        left *= 2
    block = tree_node(key, data[:left], first_chunk, flags).value()
    block = block + tree_node(key, data[left:], first_chunk + left // CHUNK, flags).value()
    return Node(key, block, 0, BLOCK, flags | PARENT)


def blake3(data, length=32):
    return tree_node(IV, data, 0, 0).output(length)


def keyed(key, data, length=32):
    return tree_node(words(key), data, 0, KEYED_HASH).output(length)


def derive_key(context, data, length=32):
    key = words(tree_node(IV, context.encode(), 0, DERIVE_KEY_CONTEXT).output(32))
    return tree_node(key, data, 0, DERIVE_KEY_MATERIAL).output(length)
