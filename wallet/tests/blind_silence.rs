//! A whole proof in blind mode with every log line of every crate turned on, and wallet, dealer and
//! evaluator in one process. No line contains a witness, a seed, a public input or a masked number.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

use std::{
    io,
    sync::{Arc, Mutex},
};

use ed25519_dalek::SigningKey;
use rand::{SeedableRng as _, rngs::StdRng};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tracing_subscriber::fmt::MakeWriter;
use wufu_analysis::samples;
use wufu_groth16::prepared::Options;
use wufu_proto::witness::{Job, UncheckedWitness};
use wufu_prover::{
    blind, keys,
    service::blind::{Config, run_dealer, run_evaluator},
    setup,
};
use wufu_verifier::{CircuitName, Fr, Statement as _, encoding::field};
use wufu_wallet::{
    Endpoint, ProofSource as _,
    prover::{
        BlindProver, Delay, TokenStore,
        blind::{Dealer, blind_key},
    },
};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every way in which a value could be printed.
fn spellings(value: &Fr) -> Vec<Vec<u8>> {
    let bytes = field::encode(value);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    let limbs =
        bytes.chunks(8).map(|limb| u64::from_le_bytes(limb.try_into().unwrap()).to_string());
    let mut all: Vec<Vec<u8>> =
        limbs.filter(|limb| limb.len() > 12).map(String::into_bytes).collect();
    for piece in bytes.chunks(8).chain(reversed.chunks(8)) {
        all.push(piece.to_vec());
        all.push(piece.escape_ascii().to_string().into_bytes());
        all.push(hex(piece).into_bytes());
        let list: Vec<String> = piece.iter().map(u8::to_string).collect();
        all.push(list.join(", ").into_bytes());
    }
    all.push(value.to_string().into_bytes());
    all
}

fn holds(written: &[u8], what: &[u8]) -> bool {
    written.windows(what.len()).any(|window| window == what)
}

async fn listen() -> (TcpListenerStream, Endpoint) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = listener.local_addr().unwrap().to_string().parse().unwrap();
    (TcpListenerStream::new(listener), endpoint)
}

/// Rows of docs/failures.md: 16, 35.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_written_tells_a_witness() {
    let written = Written::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(written.clone())
        .init();
    let exporter = wufu_serve::metrics::install().unwrap();
    let key = setup::development(CircuitName::Gift, &mut StdRng::seed_from_u64(7)).unwrap();
    let options = Options { budget: 0, ..Options::default() };
    let key = Arc::new(keys::prepare(&key, options, &|_| ()).unwrap());
    let signing = SigningKey::from_bytes(&[1; 32]);
    let ((one, dealing), (two, evaluating)) = (listen().await, listen().await);
    let dealer = blind::Dealer::new(key.clone(), signing.clone()).unwrap();
    let evaluator = blind::Evaluator::new(key.clone()).unwrap();
    tokio::spawn(run_dealer(one, vec![dealer], Config::default(), std::future::pending()));
    tokio::spawn(run_evaluator(two, vec![evaluator], Config::default(), std::future::pending()));

    let kit = blind::kit(&key).unwrap();
    let wallet = blind_key(key.verifying_key().clone(), &kit.encode(), kit.id()).unwrap();
    let dealer = Dealer { endpoint: dealing, key: signing.verifying_key() };
    let tokens = Arc::new(TokenStore::in_memory().unwrap());
    let prover = BlindProver::new([wallet], vec![dealer], vec![evaluating], tokens).unwrap();
    let prover = prover.with_delay(Delay::NONE).with_batch(1);
    let gift = samples::gift(&mut StdRng::seed_from_u64(0xcafe));
    let job = Job { key_id: key.id(), witnessed: UncheckedWitness::Gift(Box::new(gift.clone())) };
    let made = prover.prove(job, Arc::new(|_| {})).await.unwrap();
    drop(prover);

    // What a scrape would show is searched, too.
    written.0.lock().unwrap().extend_from_slice(exporter.render().as_bytes());
    let written = written.0.lock().unwrap().clone();
    for said in ["h2::", "done", "wufu_jobs_total", &key.verifying_key().circuit().id().to_string()]
    {
        assert!(holds(&written, said.as_bytes()), "{said} is not in the log");
    }
    let witness = &gift.private;
    let mut secrets = vec![
        witness.sk,
        witness.pk,
        witness.rho,
        witness.rcm,
        witness.cm,
        witness.rcm_out,
        witness.pk_friend,
    ];
    secrets.extend(gift.public.public_inputs());
    for secret in &secrets {
        for form in spellings(secret) {
            assert!(!holds(&written, &form), "{} was written", String::from_utf8_lossy(&form));
        }
    }
    assert!(!holds(&written, &made.proof.proof[..16]));
    // The search finds what it looks for.
    let planted = [written, format!("{:?}", field::encode(&secrets[0])).into_bytes()].concat();
    assert!(spellings(&secrets[0]).iter().any(|form| holds(&planted, form)));
}
