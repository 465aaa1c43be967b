//! The limits of a service's calls.

use std::{collections::HashMap, fmt, sync::Arc};

use http::HeaderMap;
use tonic::Status;

use crate::budget::Budget;

/// Decides by a call's headers whether it may be made.
pub type HeaderCheck = Arc<dyn Fn(&HeaderMap) -> Result<(), Status> + Send + Sync>;

/// Evidence that a [`HeaderCheck`] admitted the call. A handler of a restricted call requires it.
/// So the call is refused if it comes under another name, or if the handler is served without its
/// gate.
#[derive(Clone, Copy, Debug)]
pub struct AuthorisedCall(pub(crate) ());

impl AuthorisedCall {
    /// Finds the evidence in a request's extensions.
    ///
    /// # Errors
    /// Returns UNAUTHENTICATED if no check authorised the call.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Self, Status> {
        let found = request.extensions().get::<Self>().copied();
        found.ok_or_else(|| Status::unauthenticated("this call was not authorised"))
    }
}

/// The limits of one call.
#[derive(Clone)]
pub struct Method {
    /// The longest message of a request, in bytes.
    pub request_bytes: usize,
    /// The largest number of top-level fields of a message, where each entry of a repeated field
    /// counts. They are counted before the message is decoded, because an empty entry takes 2 bytes
    /// on the wire and a hundred in memory.
    pub fields: Option<usize>,
    /// Who may make the call. Anybody, if this is `None`. A token of the listener's
    /// [`TokenFile`](crate::TokenFile) is as good as what this check accepts.
    pub authorise: Option<HeaderCheck>,
    /// Whether callers must show what the listener is configured to ask for: a token, a
    /// certificate, or both. If it asks for nothing, anybody may make the call. A call with a
    /// check in `authorise` is restricted in any case.
    pub restricted: bool,
    /// A separate budget for this call's requests, which other callers cannot use up. If this is
    /// `None`, they count toward the budget that all open calls share.
    pub budget: Option<Budget>,
}

impl Method {
    /// A call that anybody may make, with requests of at most `request_bytes` bytes.
    pub fn open(request_bytes: usize) -> Self {
        Self { request_bytes, fields: None, authorise: None, restricted: false, budget: None }
    }

    /// The same call, for callers who show what the listener asks for.
    #[must_use]
    pub fn restricted(self) -> Self {
        Self { restricted: true, ..self }
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method").field("request_bytes", &self.request_bytes).finish_non_exhaustive()
    }
}

/// The limits of all calls of a service, by name. Anybody may make a call that is not named here,
/// or one for health or reflection, with the default limits.
#[derive(Clone, Debug)]
pub struct Methods {
    default: Method,
    named: HashMap<&'static str, Method>,
}

impl Methods {
    /// A service whose calls are open to anybody and take requests of at most `request_bytes`
    /// bytes.
    pub fn new(request_bytes: usize) -> Self {
        Self { default: Method::open(request_bytes), named: HashMap::new() }
    }

    /// Sets the limits of one call, by its name, such as `Append`.
    #[must_use]
    pub fn with(mut self, name: &'static str, method: Method) -> Self {
        self.named.insert(name, method);
        self
    }

    /// Finds the limits of a call by its path, `/service/method`.
    pub(crate) fn find(&self, service: &str, path: &str) -> &Method {
        let name = path.strip_prefix('/').and_then(|path| path.strip_prefix(service));
        let name = name.and_then(|rest| rest.strip_prefix('/'));
        name.and_then(|name| self.named.get(name)).unwrap_or(&self.default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of docs/failures.md: 39.
    #[test]
    fn listed_calls_have_own_limits_others_the_default() {
        let methods = Methods::new(10).with("Append", Method::open(20));
        for (path, bytes) in [
            ("/a.B/Append", 20),
            ("/a.B/Get", 10),
            ("/a.C/Append", 10),
            ("/a.BAppend", 10),
            ("Append", 10),
            ("", 10),
            ("/a.B/Append/", 10),
            ("//a.B/Append", 10),
        ] {
            assert_eq!(methods.find("a.B", path).request_bytes, bytes, "{path}");
        }
    }
}
