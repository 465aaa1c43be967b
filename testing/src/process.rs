//! Child processes that end with their test.

use std::{
    io,
    ops::{Deref, DerefMut},
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

/// A child process that is killed when this value is dropped. That is at the end of the test that
/// started it, even if the test panics.
#[derive(Debug)]
pub struct Process {
    child: Child,
    command: String,
}

impl Process {
    /// Starts a command.
    ///
    /// # Errors
    /// Returns an error if the command cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.spawn()?;
        Ok(Self { child, command: format!("{command:?}") })
    }

    /// Waits until the process ends.
    ///
    /// # Panics
    /// Panics, and so kills the process, if it does not end in time.
    #[allow(clippy::panic, reason = "this is part of a test")]
    pub fn ended(&mut self, within: Duration) -> ExitStatus {
        let end = Instant::now() + within;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return status,
                Ok(None) if Instant::now() < end => thread::sleep(Duration::from_millis(10)),
                Ok(None) => panic!("the process did not end within {within:?}: {}", self.command),
                Err(error) => panic!("cannot wait for the process: {}: {error}", self.command),
            }
        }
    }

    /// Kills the process and waits until it is gone.
    pub fn kill(&mut self) {
        // The process may have ended by itself. After SIGKILL, the wait is short.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Deref for Process {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.child
    }
}

impl DerefMut for Process {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
