//! What a service says about its calls.

use std::{collections::HashMap, fmt, sync::Arc};

use http::HeaderMap;
use tonic::Status;

use crate::budget::Budget;

/// Decides on the headers of a call whether it may be made.
pub type HeaderCheck = Arc<dyn Fn(&HeaderMap) -> Result<(), Status> + Send + Sync>;

/// Says that [`HeaderCheck`] let a call pass. A handler of such a call asks for it, so that a call under another name, or
/// served without its gate, is refused.
#[derive(Clone, Copy, Debug)]
pub struct AuthorisedCall(pub(crate) ());

impl AuthorisedCall {
    /// Finds it in a request.
    ///
    /// # Errors
    /// Returns UNAUTHENTICATED if nothing authorised the call.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Self, Status> {
        let found = request.extensions().get::<Self>().copied();
        found.ok_or_else(|| Status::unauthenticated("nothing authorised this call"))
    }
}

/// The limits of one call.
#[derive(Clone)]
pub struct Method {
    /// Largest message of a request, in bytes.
    pub request_bytes: usize,
    /// Most top-level fields of a message: repeated entries are one each. They are counted before the message is
    /// decoded, because an empty entry is 2 bytes when sent and a hundred in memory.
    pub fields: Option<usize>,
    /// Who may make the call. Everybody without it.
    pub authorise: Option<HeaderCheck>,
    /// The budget for its requests, if it is not the one of all open calls: strangers cannot use it up.
    pub budget: Option<Budget>,
}

impl Method {
    /// A call that anybody may make, with requests of at most so many bytes.
    pub fn open(request_bytes: usize) -> Self {
        Self { request_bytes, fields: None, authorise: None, budget: None }
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method").field("request_bytes", &self.request_bytes).finish_non_exhaustive()
    }
}

/// The limits of all calls of a service, by name. Calls that are not named, and those of health and reflection, are
/// open and have the default.
#[derive(Clone, Debug)]
pub struct Methods {
    default: Method,
    named: HashMap<&'static str, Method>,
}

impl Methods {
    /// A service whose calls are open and take requests of at most so many bytes.
    pub fn new(request_bytes: usize) -> Self {
        Self { default: Method::open(request_bytes), named: HashMap::new() }
    }

    /// Sets the limits of the call of this name, such as `Append`.
    #[must_use]
    pub fn with(mut self, name: &'static str, method: Method) -> Self {
        self.named.insert(name, method);
        self
    }

    /// The limits of a call by its path, `/service/method`.
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
