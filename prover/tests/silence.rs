//! A prover reveals nothing of a witness. A process serves with metrics, and with all log lines of
//! all crates enabled. Its output is then searched for the witness in every form that it could
//! have.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod common;
mod keys;

use std::{
    collections::{BTreeSet, HashMap},
    env, fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use ark_bn254::Fr;
use ark_ff::PrimeField as _;
use base64ct::{Base64, Base64Url, Encoding as _};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, transport::Channel};
use wufu_circuits::GiftInstance;
use wufu_proto::{
    connection::connect,
    v1::{self, prover_service_client::ProverServiceClient},
};
use wufu_prover::service::{Limits, run};
use wufu_verifier::{CircuitName, encoding::field};

use common::{LONG, gift, gift_request, key, prover};

/// The serving process: this test binary, started again by the tests below.
#[test]
#[ignore = "run by the others as a process of its own"]
fn serve() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(std::io::stderr)
        .init();
    let exporter = wufu_serve::metrics::install().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut out = std::io::stdout();
        writeln!(out, "\nlistening {}", listener.local_addr().unwrap()).unwrap();
        out.flush().unwrap();
        let provers = vec![prover(CircuitName::Gift)];
        let mut limits = Limits::default();
        (limits.workers, limits.threads, limits.queue) = (1, 1, 4);
        // Stops when standard input is closed.
        let ending = async {
            let wait = || std::io::stdin().read(&mut [0]).unwrap();
            tokio::task::spawn_blocking(wait).await.unwrap();
        };
        run(TcpListenerStream::new(listener), provers, limits, ending).await.unwrap();
    });
    // What a scrape would show is searched, too.
    writeln!(std::io::stderr(), "{}", exporter.render()).unwrap();
}

struct Process {
    child: wufu_testing::Process,
    address: String,
    said: String,
}

/// Runs [`serve`] in a folder of its own. The process can write nowhere else.
fn start(folder: &Path) -> Process {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "serve", "--ignored", "--nocapture"])
        .current_dir(folder)
        .env("TMPDIR", folder)
        .env("HOME", folder)
        .env("XDG_CACHE_HOME", folder)
        .env("RUST_BACKTRACE", "full")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(folder.join("stderr")).unwrap());
    let mut child = wufu_testing::Process::start(&mut command).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    let address = loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it did not begin to listen: {said}");
        said.push_str(&line);
        if let Some(address) = line.strip_prefix("listening ") {
            break address.trim().to_string();
        }
    };
    // The rest of its output.
    child.stdout = Some(lines.into_inner());
    Process { child, address, said }
}

impl Process {
    /// Stops the process. Returns everything that it wrote.
    fn end(mut self, folder: &Path) -> Vec<u8> {
        drop(self.child.stdin.take());
        let mut rest = Vec::new();
        self.child.stdout.take().unwrap().read_to_end(&mut rest).unwrap();
        assert!(self.child.ended(LONG).success());
        let mut written = fs::read(folder.join("stderr")).unwrap();
        written.extend_from_slice(self.said.as_bytes());
        written.extend(rest);
        written
    }

    async fn client(&self) -> ProverServiceClient<Channel> {
        let endpoint = Channel::from_shared(format!("http://{}", self.address)).unwrap();
        ProverServiceClient::new(connect(endpoint).await.unwrap())
    }
}

/// The secrets of a gift.
fn secrets(gift: &GiftInstance) -> Vec<(&'static str, Fr)> {
    let witness = &gift.private;
    let mut secrets = vec![
        ("sk", witness.sk),
        ("pk", witness.pk),
        ("rho", witness.rho),
        ("rcm", witness.rcm),
        ("cm", witness.cm),
        ("pk_friend", witness.pk_friend),
        ("rcm_out", witness.rcm_out),
    ];
    secrets.extend(witness.path.levels().as_flattened().iter().map(|child| ("path", *child)));
    secrets
}

/// Every form in which a value could appear in a text or a dump. Each is long enough not to appear
/// by accident.
fn forms(value: Fr) -> BTreeSet<Vec<u8>> {
    let integer = value.into_bigint();
    let little = field::encode(&value);
    let mut big = little;
    big.reverse();
    let montgomery: Vec<u8> = value.0.0.iter().flat_map(|limb| limb.to_le_bytes()).collect();
    let mut out = BTreeSet::new();
    for bytes in [&little[..], &big[..], &montgomery[..]] {
        // In pieces of eight bytes: half a value would be a leak, too.
        for piece in bytes.chunks(8) {
            let list = |one: &dyn Fn(&u8) -> String| {
                piece.iter().map(one).collect::<Vec<_>>().join(", ").into_bytes()
            };
            out.insert(piece.to_vec());
            out.insert(hex::encode(piece).into_bytes());
            out.insert(hex::encode_upper(piece).into_bytes());
            out.insert(list(&|byte| byte.to_string()));
            out.insert(list(&|byte| format!("{byte:02x}")));
            out.insert(list(&|byte| format!("0x{byte:02x}")));
            out.insert(format!("{}", piece.escape_ascii()).into_bytes());
        }
        // Base64, at each of the three possible alignments.
        for skip in 0..3 {
            let whole = &bytes[skip..skip + 27];
            out.insert(Base64::encode_string(whole).into_bytes());
            out.insert(Base64Url::encode_string(whole).into_bytes());
        }
    }
    // As numbers: the whole value in both forms, and limb by limb.
    out.insert(integer.to_string().into_bytes());
    out.insert(value.0.to_string().into_bytes());
    for limb in integer.0.into_iter().chain(value.0.0) {
        out.insert(limb.to_string().into_bytes());
        out.insert(format!("{limb:x}").into_bytes());
    }
    assert!(out.iter().all(|form| form.len() >= 8));
    out
}

/// Finds which of these values appear in the output, and in which form. It takes one pass, because
/// the forms are looked up by their first eight bytes.
fn found(written: &[u8], values: &[(&'static str, Fr)]) -> Vec<(&'static str, String)> {
    let mut by_start: HashMap<[u8; 8], Vec<(&'static str, Vec<u8>)>> = HashMap::new();
    for (name, value) in values {
        for form in forms(*value) {
            by_start.entry(*form.first_chunk().unwrap()).or_default().push((name, form));
        }
    }
    let mut found = Vec::new();
    for at in 0..written.len() {
        let Some(start) = written[at..].first_chunk() else { break };
        for (name, form) in by_start.get(start).into_iter().flatten() {
            if written[at..].starts_with(form) {
                found.push((*name, String::from_utf8_lossy(form).into_owned()));
            }
        }
    }
    found
}

fn changed(request: &v1::ProveRequest, change: fn(&mut v1::GiftWitness)) -> v1::ProveRequest {
    let mut request = request.clone();
    let statement = request.witness.as_mut().unwrap().statement.as_mut().unwrap();
    let v1::witness::Statement::Gift(gift) = statement else { panic!() };
    change(gift);
    request
}

#[test]
fn the_search_finds_what_it_is_for() {
    let gift = gift(7);
    let sk = gift.private.sk;
    let bytes = field::encode(&sk);
    let told = [
        format!("{bytes:?}"),
        format!("{sk:?}"),
        format!("{:?}", sk.0),
        format!("{:?}", sk.into_bigint()),
        hex::encode(bytes),
        format!("{:?}", tonic::codegen::Bytes::copy_from_slice(&bytes)),
        Base64::encode_string(&[&b"x"[..], &bytes].concat()),
        format!("{:02x?}", bytes),
    ];
    for text in told {
        let written = format!("some lines {text} and more").into_bytes();
        let found = forms(sk)
            .iter()
            .any(|form| written.windows(form.len()).any(|window| window == form.as_slice()));
        assert!(found, "{text}");
    }
}

/// Rows of docs/failures.md: 16, 18.
#[tokio::test(flavor = "multi_thread")]
async fn a_witness_is_in_no_line_and_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let process = start(folder.path());
    let gift = gift(7);
    let request = gift_request(key(CircuitName::Gift).verifying_key(), &gift);
    let mut client = process.client().await;

    // Correct requests, by both calls.
    client.prove(request.clone()).await.unwrap();
    let v1::ProveRequest { key_id, witness } = request.clone();
    let stream = v1::ProveStreamRequest { key_id, witness };
    let mut stream = client.prove_stream(stream).await.unwrap().into_inner();
    while stream.message().await.unwrap().is_some() {}
    // Wrong requests: false, malformed, for another key, too late, too large, abandoned.
    let wrong: [fn(&mut v1::GiftWitness); 6] = [
        |gift| gift.kind = 12_648_430,
        |gift| gift.rcm_out[31] = 0xff,
        |gift| gift.kind = (gift.kind + 1) % 5,
        |gift| gift.friend_pk.push(0),
        |gift| gift.card = None,
        |gift| gift.card.as_mut().unwrap().path.as_mut().unwrap().children.truncate(2047),
    ];
    for change in wrong {
        client.prove(changed(&request, change)).await.unwrap_err();
    }
    let mut other = request.clone();
    other.key_id = vec![1; 32];
    client.prove(other).await.unwrap_err();
    let mut late = Request::new(request.clone());
    late.set_timeout(Duration::from_micros(1));
    client.prove(late).await.unwrap_err();
    let mut large = request.clone();
    large.key_id = vec![1; 65_536];
    client.prove(large).await.unwrap_err();
    for _ in 0..5 {
        let mut client = process.client().await;
        let call = client.prove(request.clone());
        let _ = tokio::time::timeout(Duration::from_micros(500), call).await;
    }

    // Nothing is open that could be written to, except sockets, pipes and the log.
    let open = format!("/proc/{}/fd", process.child.id());
    for entry in fs::read_dir(open).unwrap() {
        let Ok(target) = fs::read_link(entry.unwrap().path()) else { continue };
        let target = target.to_string_lossy().into_owned();
        let harmless =
            ["socket:", "pipe:", "anon_inode:", "/dev/null", "/dev/urandom", "/dev/random"];
        let log = folder.path().join("stderr");
        assert!(
            harmless.iter().any(|prefix| target.starts_with(prefix))
                || target == log.to_str().unwrap(),
            "{target} is open"
        );
    }

    let path = folder.path().to_path_buf();
    let written = tokio::task::spawn_blocking(move || process.end(&path)).await.unwrap();
    // It did log, and so did h2 and the service.
    let text = String::from_utf8_lossy(&written);
    let scrape = "wufu_stage_seconds_count{circuit=\"gift\",stage=\"prove\"}";
    for said in ["TRACE", "h2::", "proved", "refused", scrape] {
        assert!(text.contains(said), "{said} is not in the log: {}", &text[..text.len().min(2000)]);
    }
    assert!(!text.contains("12648430") && !text.contains("c0ffee"));
    let told = found(&written, &secrets(&gift));
    assert!(told.is_empty(), "the process told {told:?}");
    let files: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["stderr"]);
}
