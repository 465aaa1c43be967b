//! Where fresh randomness comes from: the caller, or the operating system.

use core::fmt;

/// There is no randomness. Without it a batch verifies nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntropyError;

impl EntropyError {
    /// For sources of callers.
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
        write!(f, "no fresh randomness for a batch: nothing of it is verified")
    }
}

impl core::error::Error for EntropyError {}

/// Gives bytes that nobody could know before. On a machine without an operating system: a hardware generator.
///
/// Any `FnMut() -> Result<[u8; 32], EntropyError>` is one.
pub trait Entropy {
    /// 32 bytes, fresh at every call.
    ///
    /// # Errors
    /// When they cannot be had. Never give bytes that were given before, nor constants, in their place.
    fn draw(&mut self) -> Result<[u8; 32], EntropyError>;
}

impl<F: FnMut() -> Result<[u8; 32], EntropyError>> Entropy for F {
    fn draw(&mut self) -> Result<[u8; 32], EntropyError> {
        self()
    }
}

/// The operating system's. Bare WebAssembly has none: there it fails.
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
