//! Sources of fresh randomness: the caller, or the operating system.

use core::fmt;

/// There is no randomness. Without it a batch verifies nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntropyError;

impl EntropyError {
    /// Creates the error, for sources of callers.
    pub const fn new() -> Self {
        Self
    }
}

impl Default for EntropyError {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for EntropyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no fresh randomness for a batch, so none of it is verified")
    }
}

impl core::error::Error for EntropyError {}

/// A source of bytes that nobody could know beforehand. On a machine without an operating system,
/// use a hardware generator.
///
/// Any `FnMut() -> Result<[u8; 32], EntropyError>` is a source.
pub trait Entropy {
    /// Returns 32 bytes, fresh in every call.
    ///
    /// # Errors
    /// Returns an error if no randomness is available. Never return earlier bytes or constants
    /// instead.
    fn draw(&mut self) -> Result<[u8; 32], EntropyError>;
}

impl<F: FnMut() -> Result<[u8; 32], EntropyError>> Entropy for F {
    fn draw(&mut self) -> Result<[u8; 32], EntropyError> {
        self()
    }
}

/// The randomness of the operating system. Bare WebAssembly has none, so this fails there.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

#[cfg(feature = "std")]
impl Entropy for OsEntropy {
    fn draw(&mut self) -> Result<[u8; 32], EntropyError> {
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|_| EntropyError)?;
            Ok(bytes)
        }
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        Err(EntropyError)
    }
}
