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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use tonic::Code;

    use super::*;
    use crate::tokens::token_line;

    #[test]
    fn all_that_is_configured_is_required() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        std::fs::write(&path, token_line("phone", b"known").unwrap()).unwrap();
        let tokens = TokenFile::open(path).unwrap();
        let own = |headers: &HeaderMap| {
            let is_own = bearer(headers) == Some(b"own");
            is_own.then_some(()).ok_or_else(|| Status::unauthenticated("not the service's own"))
        };
        let open = Method::open(10);
        let restricted = Method::open(10).restricted();
        let owned = Method { authorise: Some(Arc::new(own)), ..Method::open(10) };
        let (stranger, client) = (Peer::new(), Peer::new());
        client.identify(Principal::Certificate([7; 32]));
        let admits = |method: &Method, asks: (bool, bool), token: &'static str, peer: &Peer| {
            let access = Access { tokens: asks.0.then(|| tokens.clone()), certificates: asks.1 };
            let mut headers = HeaderMap::new();
            if !token.is_empty() {
                headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
            }
            access.admit(method, &headers, peer).map_err(|status| status.code())
        };
        let (phone, key) = (Principal::Token("phone".into()), Principal::Certificate([7; 32]));
        let refused = Err(Code::Unauthenticated);
        let (nothing, token, certificate, both) =
            ((false, false), (true, false), (false, true), (true, true));
        for (method, asks, shown, peer, expected) in [
            (&open, both, "", &stranger, Ok(Principal::Unknown)),
            (&open, both, "known", &client, Ok(phone.clone())),
            (&restricted, nothing, "", &stranger, Ok(Principal::Unknown)),
            (&restricted, nothing, "known", &stranger, Ok(Principal::Unknown)),
            (&restricted, token, "", &client, refused.clone()),
            (&restricted, token, "other", &client, refused.clone()),
            (&restricted, token, "known", &stranger, Ok(phone.clone())),
            (&restricted, certificate, "known", &stranger, refused.clone()),
            (&restricted, certificate, "", &client, Ok(key.clone())),
            (&restricted, both, "known", &stranger, refused.clone()),
            (&restricted, both, "", &client, refused.clone()),
            (&restricted, both, "known", &client, Ok(phone.clone())),
            (&owned, nothing, "", &client, refused.clone()),
            (&owned, nothing, "known", &client, refused.clone()),
            (&owned, nothing, "own", &stranger, Ok(Principal::Unknown)),
            (&owned, token, "own", &stranger, Ok(Principal::Unknown)),
            (&owned, token, "known", &stranger, Ok(phone.clone())),
            (&owned, certificate, "own", &stranger, refused.clone()),
            (&owned, both, "own", &client, Ok(key)),
            (&owned, both, "", &client, refused),
        ] {
            let found = admits(method, asks, shown, peer);
            assert_eq!(found, expected, "{method:?} {asks:?} {shown:?} {peer:?}");
        }
    }
}
