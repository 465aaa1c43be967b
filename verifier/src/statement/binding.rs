//! What the scope, the anchor and the bound payload of a proof are made from.

use ark_bn254::Fr;

use crate::{
    encoding::canonical::Writer,
    hash::{
        domain::Domain,
        element::{Anchor, Root, Scope},
        h2f::{Context, h2f},
        poseidon::hash4,
    },
    statement::id::KeyId,
};

/// The purpose of a campaign's claim. No signed request may use it.
pub const CLAIM: &str = "claim";

/// Computes `scope`: for whom a nullifier is shown, and for what. The wallet computes it, so nobody
/// can ask in another's name.
///
/// # Shapes
/// `verifier`: the name of the organisation for a claim, and otherwise the 32 bytes of the Ed25519
/// key that signed the request.
pub fn scope(verifier: &[u8], purpose: &str) -> Scope {
    Scope(h2f(Context::Scope, Writer::new().bytes(verifier).text(purpose)))
}

/// What a proof binds beside its statement, so that nobody can reuse the proof for anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding<'a> {
    /// Whom the proof is for, as in [`scope`].
    pub verifier: &'a [u8],
    /// The challenge of a request, or the payee of a claim.
    pub payload: &'a [u8],
    /// When it expires, in Unix seconds. At that second it has expired.
    pub expiry: u64,
    /// The verifying key.
    pub key_id: KeyId,
}

impl Binding<'_> {
    /// Computes `ext`, the public input that binds all of it.
    pub fn ext(&self) -> Fr {
        let message = Writer::new()
            .bytes(self.verifier)
            .bytes(self.payload)
            .u64(self.expiry)
            .bytes(self.key_id.as_bytes());
        h2f(Context::Ext, message)
    }
}

/// Both roots of a claim, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimRoots {
    /// The root of the card log.
    pub cards: Root,
    /// The root of the person log.
    pub persons: Root,
}

/// Computes `anchor` from both roots of an epoch and the scope. The compiler refuses swapped
/// arguments:
///
/// ```compile_fail,E0308
/// use wufu_verifier::{Fr, Root, Scope, statement::{ClaimRoots, anchor}};
/// # let [one, two, three] = [1u64, 2, 3].map(Fr::from);
/// let roots = ClaimRoots { cards: Root(one), persons: Root(two) };
/// anchor(Scope(three), roots);
/// ```
pub fn anchor(roots: ClaimRoots, scope: Scope) -> Anchor {
    let ClaimRoots { cards, persons } = roots;
    Anchor(hash4([Domain::Anc.value(), cards.fr(), persons.fr(), scope.fr()]))
}
