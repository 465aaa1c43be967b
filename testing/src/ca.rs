//! A certificate authority for tests.

use std::{fs, io, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

/// A certificate authority that lives as long as its test.
pub struct TestCa {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, in PEM form.
#[derive(Clone)]
pub struct TestCertificate {
    /// The certificate.
    pub pem: String,
    /// The private key.
    pub key: String,
    /// The public key in DER form (SubjectPublicKeyInfo).
    pub public_key: Vec<u8>,
}

impl TestCa {
    /// A new authority.
    ///
    /// # Errors
    /// Returns an error if no key can be made.
    pub fn new(name: &str) -> Result<Self, Error> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// The authority's own certificate, in PEM form.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for a server with these names or addresses.
    ///
    /// # Errors
    /// Returns an error if a name is malformed.
    pub fn server(&self, names: &[&str]) -> Result<TestCertificate, Error> {
        self.issue(names, ExtendedKeyUsagePurpose::ServerAuth, |_| ())
    }

    /// A server's certificate that expired long ago.
    ///
    /// # Errors
    /// Returns an error if a name is malformed.
    pub fn expired(&self, names: &[&str]) -> Result<TestCertificate, Error> {
        self.issue(names, ExtendedKeyUsagePurpose::ServerAuth, |params| {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        })
    }

    /// A certificate for a client.
    ///
    /// # Errors
    /// Returns an error if the name is malformed.
    pub fn client(&self, name: &str) -> Result<TestCertificate, Error> {
        self.issue(&[name], ExtendedKeyUsagePurpose::ClientAuth, |_| ())
    }

    fn issue(
        &self,
        names: &[&str],
        usage: ExtendedKeyUsagePurpose,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Result<TestCertificate, Error> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.extended_key_usages = vec![usage];
        change(&mut params);
        let key = KeyPair::generate()?;
        let pem = params.signed_by(&key, &self.issuer)?.pem();
        let public_key = rcgen::PublicKeyData::subject_public_key_info(&key);
        Ok(TestCertificate { pem, key: key.serialize_pem(), public_key })
    }
}

impl TestCertificate {
    /// Writes the certificate and the key to two files.
    ///
    /// # Errors
    /// Returns an error if a file cannot be written.
    pub fn write(&self, certificate: &Path, key: &Path) -> io::Result<()> {
        fs::write(certificate, &self.pem)?;
        fs::write(key, &self.key)
    }
}
