//! How a proof was made, and so who learned what.

use std::fmt;

/// How a proof was made, and so who learned what.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofMode {
    /// In the wallet's own process, so that nobody else learned anything.
    Local,
    /// By a prover that saw the witness.
    Trusted {
        /// The server's address.
        endpoint: String,
    },
    /// By servers that share nothing, of which none saw the witness.
    Blind {
        /// The dealers whose masks were used, or who were asked for some.
        dealers: Vec<DealerContact>,
        /// The evaluators that were sent something, in order. All but the last one failed.
        evaluators: Vec<String>,
        /// Why no server made the proof, if the wallet's own engine made it.
        failure: Option<String>,
    },
}

/// A dealer, and whether it was asked for this proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DealerContact {
    /// The server's address.
    pub endpoint: String,
    /// Whether it was asked for masks while this proof was made. Otherwise, masks from an earlier
    /// call were used.
    pub asked: bool,
}

impl ProofMode {
    /// The name, for people and programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Trusted { .. } => "trusted",
            Self::Blind { failure: None, .. } => "blind",
            Self::Blind { failure: Some(_), .. } => "local, after blind failed",
        }
    }

    /// Why no server made the proof, if blind mode failed and the wallet's own engine made it.
    pub fn failure(&self) -> Option<&str> {
        match self {
            Self::Blind { failure, .. } => failure.as_deref(),
            Self::Local | Self::Trusted { .. } => None,
        }
    }

    /// What the prover learned.
    pub fn learned(&self) -> &'static str {
        match self {
            Self::Local => "nothing left the wallet",
            Self::Trusted { .. } => {
                "the prover saw the witness, and with it can spend, show and recognise everything \
                 under that key"
            }
            Self::Blind { failure: None, .. } => {
                "no server saw the witness, a public input or an identity; dealer and evaluator \
                 together could work it out"
            }
            Self::Blind { evaluators, .. } if evaluators.is_empty() => {
                "the proof was made in this wallet: no evaluator was sent anything, and no server \
                 learned anything about the witness"
            }
            Self::Blind { .. } => {
                "the proof was made in this wallet, after an evaluator was sent masked numbers; \
                 dealer and evaluator together could work out the witness"
            }
        }
    }

    /// What each server learned.
    pub fn servers(&self) -> Vec<Server> {
        let server =
            |role, endpoint: &String, learned| Server { role, endpoint: endpoint.clone(), learned };
        match self {
            Self::Local => Vec::new(),
            Self::Trusted { endpoint } => vec![server("prover", endpoint, self.learned())],
            Self::Blind { dealers, evaluators, .. } => {
                let dealt = "which circuit, how many tokens, when they were fetched and from which \
                             address; not whether or for what they are used, though a wallet that \
                             proves rarely fetches them close to a proof";
                let earlier = "nothing from this proof: its masks were fetched earlier, and then \
                               the dealer learned which circuit, how many tokens, when and from \
                               which address";
                let evaluated = "which circuit, when, from which address, and numbers that are \
                                 uniform without the dealer's seed";
                let dealers = dealers.iter().map(|dealer| {
                    server("dealer", &dealer.endpoint, if dealer.asked { dealt } else { earlier })
                });
                dealers
                    .chain(
                        evaluators.iter().map(|endpoint| server("evaluator", endpoint, evaluated)),
                    )
                    .collect()
            }
        }
    }
}

/// A server, and what it learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The kind of server: "prover", "dealer" or "evaluator".
    pub role: &'static str,
    /// The server's address.
    pub endpoint: String,
    /// What it learned.
    pub learned: &'static str,
}

impl fmt::Display for ProofMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
