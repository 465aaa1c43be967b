//! An evaluator gave its places to whoever began a job, and sixty clients that sent nothing more
//! kept everybody else out for a minute.

use std::time::Duration;

use tokio_stream::{StreamExt as _, iter, pending};
use tonic::{Code, Status, transport};
use wufu_proto::{
    blind::messages,
    connection::connect,
    v1::{EvaluateResponse, evaluator_service_client::EvaluatorServiceClient},
};
use wufu_prover::service::blind::{Config, run_evaluator};
use wufu_wallet::{Endpoint, prover::ProofSource as _};

use super::servers::{dealer, evaluating, holds, job, listen, quiet, verifying, wallet};

/// One worker, and no queue.
async fn narrow(receive: Duration) -> Endpoint {
    let (incoming, endpoint) = listen().await;
    let mut config = Config::default();
    (config.limits.workers, config.limits.queue, config.receive) = (1, 0, receive);
    tokio::spawn(run_evaluator(incoming, vec![evaluating()], config, std::future::pending()));
    endpoint
}

/// Begins a job and sends nothing more.
async fn idle(endpoint: Endpoint) -> Result<EvaluateResponse, Status> {
    let channel =
        connect(transport::Endpoint::from_shared(endpoint.to_string()).unwrap()).await.unwrap();
    let head = messages(verifying().id(), &[]);
    let sent = EvaluatorServiceClient::new(channel).evaluate(iter(head).chain(pending())).await;
    sent.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn who_sends_nothing_keeps_nobody_from_working() {
    let endpoint = narrow(Duration::from_secs(60)).await;
    let idlers: Vec<_> = (0..8).map(|_| tokio::spawn(idle(endpoint.clone()))).collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(idlers.iter().all(|idler| !idler.is_finished()), "they are waited for");
    holds(&wallet(vec![dealer(1).await], vec![endpoint]).prove(job(1), quiet()).await.unwrap());
    idlers.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn who_sends_nothing_is_sent_away() {
    let endpoint = narrow(Duration::from_millis(200)).await;
    assert_eq!(idle(endpoint).await.unwrap_err().code(), Code::DeadlineExceeded);
}
