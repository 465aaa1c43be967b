//! The sizes of a circuit's sums.

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, FftField, PrimeField};
use wufu_circuits::{r1cs::Size, registry_entry};
use wufu_verifier::{CircuitName, KeyId, VerifyingKey, groth16::key::Reduction};

/// Errors from reading a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The wrong number of bytes for the circuit.
    #[error("request for {circuit} is {got} bytes, expected {expected}")]
    Length {
        /// The circuit.
        circuit: CircuitName,
        /// The number of bytes.
        got: usize,
        /// The expected number.
        expected: usize,
    },
    /// A value is a second encoding of a smaller one.
    #[error(
        "value {index} of {count} is an integer of {bits} bits that is not below the modulus, \
         expected one below it (254 bits)"
    )]
    Value {
        /// The position of the value, from 0.
        index: usize,
        /// The number of values.
        count: usize,
        /// The number of bits of its integer.
        bits: u32,
    },
}

/// The sizes of a circuit's sums, and the key that they are computed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    circuit: CircuitName,
    key_id: KeyId,
    reduction: Reduction,
    rows: usize,
    wires: usize,
    public: usize,
    domain_log2: u32,
}

impl Shape {
    /// Returns the shape of a key of this release's circuits.
    pub fn of(key: &VerifyingKey) -> Self {
        Self::with_size(key, registry_entry(key.circuit()).size)
    }

    /// Returns the shape of a key for another number of rows than its circuit has, with as many
    /// public inputs: small ones, for tests.
    pub fn with_size(key: &VerifyingKey, Size { rows, wires }: Size) -> Self {
        let public = key.circuit().public_inputs() + 1;
        Self {
            circuit: key.circuit(),
            key_id: key.id(),
            reduction: key.reduction(),
            rows,
            wires,
            public,
            domain_log2: (rows + public).next_power_of_two().ilog2(),
        }
    }

    /// The circuit.
    pub fn circuit(&self) -> CircuitName {
        self.circuit
    }

    /// The key.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of wires, the constant one included.
    pub fn wires(&self) -> usize {
        self.wires
    }

    /// The number of public wires, the constant one included.
    pub fn public(&self) -> usize {
        self.public
    }

    /// The number of wires that are not public.
    pub fn private(&self) -> usize {
        self.wires.saturating_sub(self.public)
    }

    /// The binary logarithm of the number of products.
    pub fn domain_log2(&self) -> u32 {
        self.domain_log2
    }

    /// The number of products.
    pub fn domain(&self) -> usize {
        1 << self.domain_log2
    }

    /// The first place of the coset on which the products are, or `None` if the domain is larger
    /// than the field allows.
    pub fn shift(&self) -> Option<Fr> {
        match self.reduction {
            Reduction::Libsnark => Some(Fr::GENERATOR),
            Reduction::Circom => Fr::get_root_of_unity(2 * self.domain() as u64),
        }
    }

    /// The number of values in a request: the private wires, then the products.
    pub fn values(&self) -> usize {
        self.private() + self.domain()
    }

    /// The number of bytes of every request for this circuit.
    pub fn request_bytes(&self) -> usize {
        32 * self.values()
    }

    /// Reads a request's values into `private` and `products`.
    ///
    /// # Shapes
    /// The request has 32 bytes for each value, little-endian, canonical: the private wires, then
    /// the products. Both slices have the lengths that this shape states.
    ///
    /// # Errors
    /// Returns an error if there are too few or too many bytes, or a value is not below the
    /// modulus. The slices then hold the values before it.
    pub fn read(
        &self,
        request: &[u8],
        private: &mut [BigInt<4>],
        products: &mut [BigInt<4>],
    ) -> Result<(), RequestError> {
        let (chunks, rest) = request.as_chunks::<32>();
        let count = self.values();
        let fits = private.len() == self.private() && products.len() == self.domain();
        if chunks.len() != count || !rest.is_empty() || !fits {
            return Err(RequestError::Length {
                circuit: self.circuit,
                got: request.len(),
                expected: self.request_bytes(),
            });
        }
        let places = private.iter_mut().chain(products);
        for (index, (place, bytes)) in places.zip(chunks).enumerate() {
            *place = integer(bytes);
            if *place >= Fr::MODULUS {
                return Err(RequestError::Value { index, count, bits: place.num_bits() });
            }
        }
        Ok(())
    }
}

/// The integer of 32 bytes, little-endian.
pub(crate) fn integer(bytes: &[u8; 32]) -> BigInt<4> {
    let (limbs, _) = bytes.as_chunks::<8>();
    let mut integer = BigInt::default();
    for (limb, bytes) in integer.0.iter_mut().zip(limbs) {
        *limb = u64::from_le_bytes(*bytes);
    }
    integer
}
