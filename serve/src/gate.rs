//! The gate between the transport and the handlers.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tokio::time::Instant;
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use crate::{
    access::Access,
    answer::{ResponseBody, ResponseGuard},
    call::{ArrivalTime, Call, CallLimiter, RequestCharge},
    methods::{AuthorisedCall, Method, Methods},
    metrics::{self, MethodNames, Outcome, Reason},
    peer::Peer,
    request::{RequestBody, ending},
};

/// Largest request for health or reflection, in bytes.
const ATTENDANT: usize = 1024;

/// Admits calls by their headers, and limits what they receive and send.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Rules>);

struct Rules {
    service: &'static str,
    methods: Methods,
    attendant: Method,
    access: Access,
    names: MethodNames,
    desk: Arc<CallLimiter>,
}

impl Gate {
    pub(crate) fn new(
        service: &'static str,
        methods: Methods,
        access: Access,
        names: MethodNames,
        desk: Arc<CallLimiter>,
    ) -> Self {
        let attendant = Method::open(ATTENDANT);
        Self(Arc::new(Rules { service, methods, attendant, access, names, desk }))
    }
}

impl Rules {
    /// A call's limits, and whether it is one for health or reflection, for which a shutdown does
    /// not wait.
    fn find(&self, path: &str) -> (&Method, bool) {
        if path.starts_with("/grpc.") {
            return (&self.attendant, true);
        }
        (self.methods.find(self.service, path), false)
    }

    fn admit(&self, request: Request<Body>) -> Result<(Request<Body>, Arc<Call>, bool), Status> {
        // A client may start a call until it has been told of the shutdown.
        if self.desk.ending.is_cancelled() {
            metrics::refused(Reason::Ending);
            return Err(ending());
        }
        let came = Instant::now();
        let (mut parts, body) = request.into_parts();
        let (method, attends) = self.find(parts.uri.path());
        let peer = parts.extensions.get::<Peer>().cloned();
        let peer = peer.ok_or_else(|| Status::internal("a call without a connection"))?;
        let admitted = self.access.admit(method, &parts.headers, &peer);
        let principal = admitted.inspect_err(|_| metrics::refused(Reason::Identity))?;
        parts.extensions.insert(principal);
        if method.authorise.is_some() {
            parts.extensions.insert(AuthorisedCall(()));
        }
        let call = Call::begin(&self.desk, &peer, method, &parts.headers, attends)?;
        parts.extensions.insert(ArrivalTime(came));
        parts.extensions.insert(RequestCharge(call.clone()));
        let body = Body::new(RequestBody::new(body, call.clone(), method, came));
        Ok((Request::from_parts(parts, body), call, attends))
    }
}

impl<S> Layer<S> for Gate {
    type Service = GatedService<S>;

    fn layer(&self, inner: S) -> GatedService<S> {
        GatedService { rules: self.0.clone(), inner }
    }
}

#[derive(Clone)]
pub(crate) struct GatedService<S> {
    rules: Arc<Rules>,
    inner: S,
}

impl<S> Service<Request<Body>> for GatedService<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let attends = self.rules.find(path).1;
        let mut outcome = Outcome::begin(self.rules.names.label(path), attends);
        let (request, call, attends) = match self.rules.admit(request) {
            Ok(admitted) => admitted,
            Err(status) => {
                outcome.end(status.code());
                return Box::pin(async move { Ok(status.into_http()) });
            }
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            call.answered();
            let (mut parts, body) = answer?.into_parts();
            let hold = parts.extensions.remove::<ResponseGuard>();
            // An answer without a message has its code here.
            outcome.end_by(&parts.headers);
            let body = Body::new(ResponseBody::new(body, call, hold, attends, outcome));
            Ok(Response::from_parts(parts, body))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use metrics_exporter_prometheus::PrometheusBuilder;
    use tonic::Code;
    use tower::service_fn;

    use super::*;
    use crate::limits::Limits;

    /// A caller that was not known was counted twice: by its check, and by its code.
    #[test]
    fn a_caller_that_is_not_known_is_counted_once() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let refusing = |_: &http::HeaderMap| Err(Status::unauthenticated("who?"));
        let method = Method { authorise: Some(Arc::new(refusing)), ..Method::open(10) };
        let methods = Methods::new(10).with("C", method);
        let desk = Arc::new(CallLimiter::new(&Limits::default()));
        let gate = Gate::new("a.B", methods, Access::default(), MethodNames::of("a.B", &[]), desk);
        let handler =
            |_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) };
        let mut gated = gate.layer(service_fn(handler));
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = http::Uri::from_static("/a.B/C");
        request.extensions_mut().insert(Peer::new());
        ::metrics::with_local_recorder(&recorder, || drop(gated.call(request)));
        let text = recorder.handle().render();
        assert!(text.contains("wufu_refusals_total{reason=\"identity\"} 1\n"), "{text}");
    }

    /// A call that arrived while connections were being closed was once started, and then cut off a
    /// second later.
    #[test]
    fn a_call_that_comes_after_the_end_began_is_refused() {
        let desk = Arc::new(CallLimiter::new(&Limits::default()));
        let names = MethodNames::of("a.B", &[]);
        let gate = Gate::new("a.B", Methods::new(10), Access::default(), names, desk.clone());
        desk.ending.cancel();
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(Peer::new());
        let code = gate.0.admit(request).err().map(|status| status.code());
        assert_eq!(code, Some(Code::Unavailable));
    }
}
