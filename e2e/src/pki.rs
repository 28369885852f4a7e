//! The keys of one throwaway cluster: a certificate authority, the API server's
//! certificate and the key pair that signs service account tokens.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::{Result, home::Home};

const SERVER_NAMES: [&str; 7] = [
    "localhost",
    "127.0.0.1",
    "::1",
    "10.96.0.1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
];

/// Writes `pki/{ca.crt,server.crt,server.key,sa.key,sa.pub}`; returns the authority as PEM.
pub(crate) fn write(home: &Home) -> Result<String> {
    let authority_key = KeyPair::generate()?;
    let mut authority = named("goldenpath-e2e", &[])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let server_key = KeyPair::generate()?;
    let mut server = named("kube-apiserver", &SERVER_NAMES)?;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server_pem = server.signed_by(&server_key, &issuer)?.pem();

    let tokens = KeyPair::generate()?;
    home.write("pki/ca.crt", &authority_pem)?;
    home.write("pki/server.crt", &server_pem)?;
    home.write("pki/server.key", &server_key.serialize_pem())?;
    home.write("pki/sa.key", &tokens.serialize_pem())?;
    home.write("pki/sa.pub", &tokens.public_key_pem())?;
    Ok(authority_pem)
}

fn named(common_name: &str, names: &[&str]) -> Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut certificate = CertificateParams::new(names)?;
    certificate
        .distinguished_name
        .push(DnType::CommonName, common_name);
    Ok(certificate)
}
