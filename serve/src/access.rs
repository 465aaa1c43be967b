//! Who may make a restricted call.

use http::{HeaderMap, header::AUTHORIZATION};
use tonic::Status;

use crate::{methods::Method, peer::Peer, principal::Principal, tokens::TokenFile};

/// What a listener asks of the callers of restricted methods.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(crate) tokens: Option<TokenFile>,
    pub(crate) certificates: bool,
}

impl Access {
    /// Says who calls, if they may. What is configured is required, all of it.
    ///
    /// # Errors
    /// UNAUTHENTICATED if the method is restricted, and the caller has not shown what it needs.
    pub(crate) fn admit(
        &self,
        method: &Method,
        headers: &HeaderMap,
        peer: &Peer,
    ) -> Result<Principal, Status> {
        let name = self.tokens.as_ref().zip(bearer(headers)).and_then(|(file, t)| file.name(t));
        let certificate = peer.certificate();
        if method.authorise.is_some() || method.restricted {
            match &method.authorise {
                // The service's own token, or one of the file.
                Some(_) if name.is_some() => {}
                Some(authorise) => authorise(headers)?,
                None if self.tokens.is_some() && name.is_none() => {
                    return Err(Status::unauthenticated(
                        "no token that this service accepts: expected authorization: Bearer …",
                    ));
                }
                None => {}
            }
            if self.certificates && certificate.is_none() {
                return Err(Status::unauthenticated("no client certificate"));
            }
        }
        Ok(match (name, certificate) {
            (Some(name), _) => Principal::Token(name),
            (None, Some(certificate)) => certificate.clone(),
            (None, None) => Principal::Unknown,
        })
    }
}

/// The token that a call shows.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")
}
