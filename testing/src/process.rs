//! Child processes that do not outlive their test.

use std::{
    io,
    ops::{Deref, DerefMut},
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

/// A child process that is killed when this is dropped: when the test that started it ends, also by a panic.
#[derive(Debug)]
pub struct Process {
    child: Child,
    command: String,
}

impl Process {
    /// Starts a command.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.spawn()?;
        Ok(Self { child, command: format!("{command:?}") })
    }

    /// Waits until the process ends.
    ///
    /// # Panics
    /// When it does not end in time. The panic kills it.
    #[allow(clippy::panic, reason = "this is part of a test")]
    pub fn ended(&mut self, within: Duration) -> ExitStatus {
        let end = Instant::now() + within;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return status,
                Ok(None) if Instant::now() < end => thread::sleep(Duration::from_millis(10)),
                Ok(None) => panic!("it did not end within {within:?}: {}", self.command),
                Err(error) => panic!("it cannot be waited for: {}: {error}", self.command),
            }
        }
    }

    /// Kills the process: nothing of it runs after this.
    pub fn kill(&mut self) {
        // It may have ended by itself. After SIGKILL, waiting is short.
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
