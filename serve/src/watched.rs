//! A value that is made of files, and made again when their contents change.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use sha2::{Digest as _, Sha256};

use crate::{repeats::Repeats, tls::TlsError};

/// How often the files are read again, unless [`Watched::set_interval`] sets another time.
const LOOK: Duration = Duration::from_secs(10);

/// The largest file of certificates, keys or tokens, in bytes.
const LARGEST: usize = 1 << 20;

type Build<T> = Box<dyn Fn(&[Vec<u8>]) -> Result<T, TlsError> + Send + Sync>;

/// A value and the files that it is made of. A broken file never replaces a good value.
pub(crate) struct Watched<T> {
    what: &'static str,
    paths: Vec<PathBuf>,
    build: Build<T>,
    value: ArcSwap<T>,
    // The hash of the contents that the value was made of. Held while the files are read, so that
    // an older value cannot replace a newer one.
    seen: Mutex<[u8; 32]>,
    // Milliseconds.
    interval: AtomicU64,
    watching: AtomicBool,
    failures: Repeats,
}

impl<T: Clone + Send + Sync + 'static> Watched<T> {
    /// Reads the files. `build` gets their contents in the order of `paths`.
    pub(crate) fn open(
        what: &'static str,
        paths: Vec<PathBuf>,
        build: impl Fn(&[Vec<u8>]) -> Result<T, TlsError> + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
        let (contents, hash) = read_all(&paths)?;
        let value = ArcSwap::from_pointee(build(&contents)?);
        Ok(Self {
            what,
            paths,
            build: Box::new(build),
            value,
            seen: Mutex::new(hash),
            interval: AtomicU64::new(LOOK.as_millis() as u64),
            watching: AtomicBool::new(false),
            failures: Repeats::new(),
        })
    }

    pub(crate) fn value(&self) -> T {
        T::clone(&self.value.load())
    }

    pub(crate) fn set_interval(&self, interval: Duration) {
        let millis = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX).max(1);
        self.interval.store(millis, Ordering::Relaxed);
    }

    /// Makes the value again if the contents have changed. Returns whether they have.
    pub(crate) fn reload(&self) -> Result<bool, TlsError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (contents, hash) = read_all(&self.paths)?;
        if hash == *seen {
            return Ok(false);
        }
        self.value.store(Arc::new((self.build)(&contents)?));
        *seen = hash;
        Ok(true)
    }

    /// The same, and logs what came of it: a broken file once, and then counted.
    pub(crate) fn reload_and_log(&self) {
        let what = self.what;
        match self.reload() {
            Ok(true) => {
                let _ = self.failures.over();
                tracing::info!("{what}: the files have changed, and are in use from now on");
            }
            Ok(false) => {
                if let Some(before) = self.failures.over() {
                    tracing::info!(before, "{what}: the files are as they were before the failure");
                }
            }
            Err(error) => {
                if let Some(before) = self.failures.happened(&error.to_string()) {
                    tracing::warn!(%error, before, "{what}: keeping the earlier ones");
                }
            }
        }
    }

    /// Reads the files again regularly, until the value is gone. Does nothing if another task does
    /// so already.
    pub(crate) async fn watch(this: Weak<Self>) {
        if this.upgrade().is_none_or(|this| this.watching.swap(true, Ordering::SeqCst)) {
            return;
        }
        let _end = EndOnDrop(this.clone());
        while let Some(watched) = this.upgrade() {
            let interval = Duration::from_millis(watched.interval.load(Ordering::Relaxed));
            tokio::time::sleep(interval).await;
            // The files may be on a network.
            let _ = tokio::task::spawn_blocking(move || watched.reload_and_log()).await;
        }
    }
}

/// Lets another task watch when this one is cancelled.
struct EndOnDrop<T: Clone + Send + Sync + 'static>(Weak<Watched<T>>);

impl<T: Clone + Send + Sync + 'static> Drop for EndOnDrop<T> {
    fn drop(&mut self) {
        if let Some(watched) = self.0.upgrade() {
            watched.watching.store(false, Ordering::SeqCst);
        }
    }
}

/// The contents of all files, and one hash over them.
fn read_all(paths: &[PathBuf]) -> Result<(Vec<Vec<u8>>, [u8; 32]), TlsError> {
    let contents = paths.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let mut hash = Sha256::new();
    for bytes in &contents {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    Ok((contents, hash.finalize().into()))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |error| TlsError::Read { path: path.into(), error: Arc::new(error) };
    // Before it is opened: opening a pipe would wait for its writer.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(TlsError::NotAFile { path: path.into() });
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() {
        0 => Err(TlsError::Empty { path: path.into() }),
        length if length > LARGEST => Err(TlsError::Large { path: path.into(), most: LARGEST }),
        _ => Ok(bytes),
    }
}
