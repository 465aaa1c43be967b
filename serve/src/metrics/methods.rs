//! The names of a service's calls, for labels.

use std::{collections::HashMap, sync::Arc};

use metrics::SharedString;
use prost::Message as _;
use prost_types::FileDescriptorSet;

/// The calls that a service has, by path. Every other path counts as `other`.
pub(crate) struct MethodNames(HashMap<String, Arc<str>>);

impl MethodNames {
    /// Reads the names of a service's calls from its descriptors. If those are malformed, which
    /// reflection refuses, every call counts as `other`.
    pub(crate) fn of(service: &str, descriptors: &[u8]) -> Self {
        let files = FileDescriptorSet::decode(descriptors).unwrap_or_default().file;
        let mut names = HashMap::new();
        for file in files {
            let package = file.package().to_owned();
            for found in &file.service {
                if format!("{package}.{}", found.name()) != service {
                    continue;
                }
                for method in &found.method {
                    let path = format!("/{service}/{}", method.name());
                    names.insert(path, method.name().into());
                }
            }
        }
        Self(names)
    }

    /// The label of a call with this path.
    pub(crate) fn label(&self, path: &str) -> SharedString {
        if let Some(name) = self.0.get(path) {
            return SharedString::from_shared(name.clone());
        }
        SharedString::const_str(match path {
            "/grpc.health.v1.Health/Check" => "health_check",
            "/grpc.health.v1.Health/Watch" => "health_watch",
            _ if path.starts_with("/grpc.reflection.") => "reflection",
            _ => "other",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of docs/failures.md: 16.
    #[test]
    fn a_path_that_nobody_serves_makes_no_label() {
        let names = MethodNames::of("wufu.v1.ProverService", wufu_proto::DESCRIPTORS);
        for (path, label) in [
            ("/wufu.v1.ProverService/Prove", "Prove"),
            ("/wufu.v1.ProverService/GetInfo", "GetInfo"),
            ("/wufu.v1.DealerService/Deal", "other"),
            ("/wufu.v1.ProverService/secret", "other"),
            ("/grpc.health.v1.Health/Check", "health_check"),
            ("/grpc.health.v1.Health/secret", "other"),
            ("/grpc.reflection.v1.secret", "reflection"),
            ("", "other"),
        ] {
            assert_eq!(names.label(path).as_ref(), label, "{path}");
        }
    }
}
