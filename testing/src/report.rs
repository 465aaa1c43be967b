//! The report on a test binary: its threads, the tests that they run, and its child processes.

use std::{
    env,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::Path,
    process::{self, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Linux cuts the names of threads to this many bytes.
const NAME_BYTES: usize = 15;

/// Ticks per second in `/proc/PID/stat`. Linux reports this number on every architecture.
const TICKS: u64 = 100;

/// How long a command that the report runs may take.
const HELPER_LIMIT: Duration = Duration::from_secs(5);

/// Prints the report to standard error and has the child processes killed.
pub(crate) fn print(limit: Duration) {
    let mut text = format!(
        "\nwufu-testing: this test binary has run for {} s, its limit (WUFU_TEST_LIMIT, in \
         seconds), and ends now. \
         Above, libtest names the tests that ran for over 60 seconds.\n",
        limit.as_secs()
    );
    // First print what cannot fail. Finding tests and children runs other commands.
    say(&text);
    text.clear();
    let tests = tests();
    for thread in threads(Path::new("/proc/self/task")) {
        let _ = writeln!(text, "  {}", thread.describe(&tests));
    }
    if text.is_empty() {
        text.push_str("  there is no list of threads on this system\n");
    }
    say(&text);
    let children = children();
    for (id, command) in &children {
        say(&format!("  child process {id}, killed now: {command}\n"));
    }
    kill_soon(&children);
}

/// Writes to standard error without taking its lock, which a hanging thread may hold.
fn say(text: &str) {
    #[cfg(unix)]
    let unlocked = {
        use std::os::fd::AsFd as _;
        io::stderr().as_fd().try_clone_to_owned().map(File::from)
    };
    #[cfg(not(unix))]
    let unlocked = Err::<File, _>(io::Error::from(io::ErrorKind::Unsupported));
    let _ = match unlocked {
        Ok(mut file) => file.write_all(text.as_bytes()),
        Err(_) => io::stderr().write_all(text.as_bytes()),
    };
}

/// A thread of this process, as Linux describes it.
#[derive(Debug, PartialEq, Eq)]
struct Thread {
    id: u32,
    /// At most the first [`NAME_BYTES`] bytes of its name.
    name: String,
    state: char,
    /// Where in the kernel it waits, if the kernel says so.
    waits_in: Option<String>,
    /// CPU time, in ticks.
    ticks: u64,
}

/// The threads in a folder like `/proc/self/task`. There are none if the folder does not exist.
fn threads(folder: &Path) -> Vec<Thread> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut threads: Vec<Thread> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let id = path.file_name()?.to_str()?.parse().ok()?;
            let stat = fs::read_to_string(path.join("stat")).ok()?;
            let waits_in = fs::read_to_string(path.join("wchan")).ok();
            Thread::parse(id, &stat, waits_in)
        })
        .collect();
    threads.sort_by_key(|thread| thread.id);
    threads
}

impl Thread {
    /// Parses `/proc/PID/task/ID/stat`: `ID (NAME) STATE …`. The name may contain any characters.
    fn parse(id: u32, stat: &str, waits_in: Option<String>) -> Option<Self> {
        let (head, tail) = stat.rsplit_once(") ")?;
        let name = head.split_once(" (")?.1.into();
        let fields: Vec<&str> = tail.split_whitespace().collect();
        let state = fields.first()?.chars().next()?;
        let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
        let ticks = ticks(11)? + ticks(12)?;
        let waits_in = waits_in.filter(|place| !place.is_empty() && place != "0");
        Some(Self { id, name, state, waits_in, ticks })
    }

    fn describe(&self, tests: &[String]) -> String {
        let Self { id, name, state, waits_in, ticks } = self;
        let state = match state {
            'R' => "running",
            'S' => "sleeping",
            'D' => "waiting for a device",
            'T' | 't' => "stopped",
            'Z' | 'X' => "ended",
            _ => "in an unknown state",
        };
        let place = waits_in.as_ref().map(|place| format!(" in {place}")).unwrap_or_default();
        let (seconds, rest) = (ticks / TICKS, ticks % TICKS * 10 / TICKS);
        let test = match self.tests(tests).as_slice() {
            [] => String::new(),
            [test] => format!(", runs the test {test}"),
            several => format!(", runs one of the tests {}", several.join(", ")),
        };
        format!("thread {id} {name:?}: {state}{place}, {seconds}.{rest} s of CPU time{test}")
    }

    /// The tests that this thread may be running. libtest names a thread after its test, and Linux
    /// cuts the name.
    fn tests<'a>(&self, tests: &'a [String]) -> Vec<&'a str> {
        let is_cut = self.name.len() == NAME_BYTES;
        let fits = |test: &&String| **test == self.name || is_cut && test.starts_with(&self.name);
        tests.iter().filter(fits).map(String::as_str).collect()
    }
}

/// The names of all tests in this binary, as the binary itself lists them.
fn tests() -> Vec<String> {
    let Ok(binary) = env::current_exe() else { return Vec::new() };
    let listed = output(Command::new(binary).args(["--list", "--format", "terse"]));
    let names = listed.lines().filter_map(|line| line.strip_suffix(": test"));
    names.map(str::to_owned).collect()
}

/// A command's output. It is empty if the command fails or takes too long.
fn output(command: &mut Command) -> String {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return String::new() };
    let reader = child.stdout.take().map(|mut stdout| {
        thread::spawn(move || {
            let mut text = String::new();
            let _ = stdout.read_to_string(&mut text);
            text
        })
    });
    let end = Instant::now() + HELPER_LIMIT;
    while Instant::now() < end && matches!(child.try_wait(), Ok(None)) {
        thread::sleep(Duration::from_millis(10));
    }
    // If it has ended by itself, there is nothing to kill.
    let _ = child.kill();
    let _ = child.wait();
    reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
}

/// All descendants of this process, with their ids and command lines.
fn children() -> Vec<(u32, String)> {
    let list = output(Command::new("ps").args(["-A", "-o", "pid=,ppid=,args="]));
    let list = if list.is_empty() { listed_by_linux() } else { processes(&list) };
    descendants(&list, process::id())
}

/// Kills the processes after this one has ended. If they ended earlier, a test that waits for one
/// of them would continue and might pass.
fn kill_soon(children: &[(u32, String)]) {
    if children.is_empty() {
        return;
    }
    let ids = children.iter().map(|(id, _)| id.to_string());
    let _ = Command::new("sh")
        .args(["-c", "sleep 0.5; kill -9 \"$@\"", "sh"])
        .args(ids)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}

/// A process: its id, its parent's id and its command line.
type ProcessEntry = (u32, u32, String);

/// Parses the output of `ps`.
fn processes(list: &str) -> Vec<ProcessEntry> {
    let process = |line: &str| {
        let (id, rest) = line.trim_start().split_once(' ')?;
        let (parent, command) = rest.trim_start().split_once(' ')?;
        Some((id.parse().ok()?, parent.parse().ok()?, command.trim().to_owned()))
    };
    list.lines().filter_map(process).collect()
}

/// All processes, for systems without `ps`.
fn listed_by_linux() -> Vec<ProcessEntry> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let process = |path: &Path| {
        let id: u32 = path.file_name()?.to_str()?.parse().ok()?;
        let stat = fs::read_to_string(path.join("stat")).ok()?;
        let parent = stat.rsplit_once(") ")?.1.split_whitespace().nth(1)?.parse().ok()?;
        let command = fs::read(path.join("cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        Some((id, parent, command.trim().to_owned()))
    };
    entries.filter_map(|entry| process(&entry.ok()?.path())).collect()
}

/// The descendants of `ancestor`, parents first.
fn descendants(list: &[ProcessEntry], ancestor: u32) -> Vec<(u32, String)> {
    let mut found: Vec<(u32, String)> = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        for (id, of, command) in list {
            let is_new = *id != ancestor && found.iter().all(|(known, _)| known != id);
            // The commands of this report have ended, or are about to.
            if *of == parent && is_new && !command.starts_with("ps -A -o") {
                found.push((*id, command.clone()));
                parents.push(*id);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(name: &str) -> Thread {
        Thread { id: 7, name: name.into(), state: 'S', waits_in: None, ticks: 250 }
    }

    #[test]
    fn a_thread_is_read_whatever_its_name_is() {
        let stat = "7 (a) b (c)) R 1 2 3 0 -1 64 5 0 0 0 120 35 0 0 20 0 4 0 8";
        let expected =
            Thread { id: 7, name: "a) b (c)".into(), state: 'R', waits_in: None, ticks: 155 };
        assert_eq!(Thread::parse(7, stat, Some("0".into())), Some(expected));
        assert_eq!(Thread::parse(7, "7 (a) R 1", None), None);
        assert_eq!(Thread::parse(7, "", None), None);
    }

    #[test]
    fn a_thread_with_a_cut_name_is_listed_with_its_test() {
        let tests = ["service::what_cannot", "service::what_can", "gate", "gates"];
        let tests = tests.map(str::to_owned);
        let described = thread("service::what_c").describe(&tests);
        let expected = "thread 7 \"service::what_c\": sleeping, 2.5 s of CPU time, runs one of the \
                        tests service::what_cannot, service::what_can";
        assert_eq!(described, expected);
        let mut whole = thread("gate");
        whole.waits_in = Some("futex_wait".into());
        let expected =
            "thread 7 \"gate\": sleeping in futex_wait, 2.5 s of CPU time, runs the test gate";
        assert_eq!(whole.describe(&tests), expected);
        assert_eq!(thread("tokio").tests(&tests), Vec::<&str>::new());
    }

    #[test]
    fn descendants_are_children_and_theirs() {
        let list =
            processes("  1 0 init\n 50   1 test --exact a\n 60 50 sleep 9\n61 60 sh\n70 1 x\n");
        assert_eq!(list.len(), 5);
        let found = descendants(&list, 50);
        assert_eq!(found, [(60, "sleep 9".to_owned()), (61, "sh".to_owned())]);
        assert_eq!(descendants(&list, 70), []);
    }
}
