//! What strangers can do to a prover, a dealer and an evaluator. Each service limits them, serves
//! others meanwhile, and stops when it is told to.
//!
//! A prover's time limit once did not include receiving, so half a request was held for ever. One
//! open reflection call delayed its shutdown by thirty seconds.

#[path = "../../serve/tests/common/wire.rs"]
mod wire;

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, codegen::Bytes};
use wufu_prover::service::{
    Limits, ServeError,
    blind::{Config, run_dealer, run_evaluator},
    run,
};

use wire::{Wire, framed, within};

/// A role's largest call, and the largest message that it accepts.
#[derive(Clone, Copy, Debug)]
struct Role {
    name: &'static str,
    path: &'static str,
    largest: usize,
}

const ROLES: [Role; 3] = [
    Role {
        name: "wufu.v1.ProverService",
        path: "/wufu.v1.ProverService/Prove",
        largest: 64 * 1024,
    },
    Role { name: "wufu.v1.DealerService", path: "/wufu.v1.DealerService/Deal", largest: 1024 },
    Role {
        name: "wufu.v1.EvaluatorService",
        path: "/wufu.v1.EvaluatorService/Evaluate",
        largest: wufu_proto::blind::CHUNK + 64,
    },
];

struct Running {
    role: Role,
    at: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    /// Starts a service without keys. The tests are about what happens before a key is looked up.
    async fn start(role: Role, change: impl FnOnce(&mut Limits)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let incoming = TcpListenerStream::new(listener);
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let mut config = Config::default();
        (config.limits.workers, config.limits.threads) = (1, 1);
        change(&mut config.limits);
        config.receive = config.limits.time;
        let ended = match role.path {
            "/wufu.v1.ProverService/Prove" => {
                tokio::spawn(run(incoming, vec![], config.limits, stopped))
            }
            "/wufu.v1.DealerService/Deal" => {
                tokio::spawn(run_dealer(incoming, vec![], config, stopped))
            }
            _ => tokio::spawn(run_evaluator(incoming, vec![], config, stopped)),
        };
        Self { role, at, stop, ended }
    }

    /// Asks for work under an unknown key, and returns the code of the refusal.
    async fn asks(&self) -> Option<Code> {
        let stream = TcpStream::connect(self.at).await.unwrap();
        // A refused connection is closed before the server greets.
        let mut wire = Wire::try_over(stream, 65_535).await?;
        wire.try_call(self.role.path, None, framed(0, &[]), true).await?.code().await
    }

    async fn serves_soon(&self) {
        within("an honest client to be served", async {
            while self.asks().await != Some(Code::InvalidArgument) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    }

    async fn end(self) {
        let _ = self.stop.send(());
        within("the service to end", self.ended).await.unwrap().unwrap();
    }
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_give_way_at_every_role() {
    for role in ROLES {
        let running = Running::start(role, |limits| {
            (limits.serve.connections, limits.serve.greeting) = (8, Duration::from_secs(2));
        })
        .await;
        let mut silent = Vec::new();
        for _ in 0..8 {
            silent.push(TcpStream::connect(running.at).await.unwrap());
        }
        for _ in 0..20 {
            let mut beyond = TcpStream::connect(running.at).await.unwrap();
            let _ = within("a connection to be closed", beyond.read(&mut [0; 8])).await;
        }
        running.serves_soon().await;
        for mut stream in silent {
            let _ = within("a connection to be closed", stream.read(&mut [0; 8])).await;
        }
        running.end().await;
    }
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_limit_covers_receiving_at_every_role() {
    for role in ROLES {
        let running = Running::start(role, |limits| limits.time = Duration::from_secs(1)).await;
        let (mut wires, mut calls) = (Vec::new(), Vec::new());
        for sent in [0, 3, 100, 900] {
            let mut wire = Wire::connect(running.at, 65_535).await;
            let body = framed(role.largest, &vec![1; sent]).slice(..sent);
            calls.push(wire.call(role.path, None, body, false).await);
            wires.push(wire);
        }
        running.serves_soon().await;
        for call in calls {
            assert_eq!(call.code().await, Some(Code::DeadlineExceeded), "{role:?}");
        }
        running.end().await;
    }
}

/// Rows of docs/failures.md: 39.
#[tokio::test(flavor = "multi_thread")]
async fn every_role_refuses_a_message_by_its_length_alone() {
    for role in ROLES {
        let running = Running::start(role, |_| ()).await;
        for length in [role.largest + 1, u32::MAX as usize] {
            let mut wire = Wire::connect(running.at, 65_535).await;
            let call = wire.call(role.path, None, framed(length, &[]), false).await;
            assert_eq!(call.code().await, Some(Code::OutOfRange), "{role:?}: {length}");
        }
        running.serves_soon().await;
        running.end().await;
    }
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn no_client_delays_the_end_of_any_role() {
    for role in ROLES {
        // No time is asserted: the grace time is longer than the test waits for anything.
        let running =
            Running::start(role, |limits| limits.serve.grace = Duration::from_secs(3600)).await;
        let mut wire = Wire::connect(running.at, 65_535).await;
        let name = [&[0x0a, role.name.len() as u8][..], role.name.as_bytes()].concat();
        let path = "/grpc.health.v1.Health/Watch";
        let watch = wire.call(path, None, framed(name.len(), &name), true).await;
        let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
        let reflection = wire.call(path, None, Bytes::new(), false).await;
        let half = wire.call(role.path, None, framed(1000, &[1; 10]), false).await;
        running.serves_soon().await;
        let silent = TcpStream::connect(running.at).await.unwrap();
        let ((), ()) = tokio::join!(running.end(), async {
            // These streams end with either code: by themselves, or cut off on a busy machine.
            for (what, call) in [("reflection", reflection), ("watch", watch)] {
                let code = call.code().await;
                let expected = matches!(code, Some(Code::Ok | Code::Unavailable));
                assert!(expected, "{role:?}: {what}: {code:?}");
            }
            assert_eq!(half.code().await, Some(Code::Unavailable), "{role:?}");
        });
        drop((silent, wire));
    }
}
