//! A service in a process of its own: this test binary, started again. So its peak memory does not
//! include the test's.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::SocketAddr,
    process::{ChildStdout, Command, Stdio},
};

/// A process that runs the ignored test `serve` of this binary.
pub struct Child {
    pub at: SocketAddr,
    process: std::process::Child,
    said: String,
    _out: BufReader<ChildStdout>,
}

impl Child {
    #[allow(clippy::zombie_processes, reason = "dropping a `Child` waits for it")]
    pub fn start(environment: &[(&str, &str)]) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "serve", "--ignored", "--nocapture"])
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut said = String::new();
        loop {
            let mut line = String::new();
            assert!(out.read_line(&mut line).unwrap() > 0, "the service did not begin to listen");
            if let Some(at) = line.strip_prefix("listening ") {
                return Self { at: at.trim().parse().unwrap(), process, said, _out: out };
            }
            said.push_str(&line);
        }
    }

    /// The value that it printed under this name before it listened.
    pub fn said(&self, name: &str) -> &str {
        self.said.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim()
    }

    /// Its current memory in bytes. Its peak counts from here.
    pub fn resident(&self) -> u64 {
        fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5").unwrap();
        self.memory("VmRSS")
    }

    /// Its peak memory, in bytes.
    pub fn peak(&self) -> u64 {
        self.memory("VmHWM")
    }

    fn memory(&self, what: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(what)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Stops it, and checks that it exits cleanly.
    pub fn end(mut self) {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// In the child: tells the parent its address.
pub fn listening(at: SocketAddr) {
    let mut out = std::io::stdout();
    writeln!(out, "\nlistening {at}").unwrap();
    out.flush().unwrap();
}

/// In the child: stops when standard input is closed.
pub async fn told_to_end() {
    let wait = || std::io::stdin().read(&mut [0]).unwrap();
    tokio::task::spawn_blocking(wait).await.unwrap();
}
