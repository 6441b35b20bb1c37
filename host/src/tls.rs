//! TLS by rustls, with the roots of Mozilla compiled in. SSL_CERT_FILE and SSL_CERT_DIR add to them.

use crate::fault::Fault;
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};

pub async fn secure(tcp: TcpStream, host: &str) -> Result<TlsStream<TcpStream>, Fault> {
    let failed = |error: &dyn std::fmt::Display| Fault::new("ERR_TLS", error);
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(&error))?;
    connector()?
        .connect(name, tcp)
        .await
        .map_err(|error| failed(&error))
}

fn connector() -> Result<&'static TlsConnector, Fault> {
    static CONNECTOR: OnceLock<TlsConnector> = OnceLock::new();
    if let Some(connector) = CONNECTOR.get() {
        return Ok(connector);
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::new("ERR_TLS", error))?
        .with_root_certificates(roots())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(CONNECTOR.get_or_init(|| TlsConnector::from(Arc::new(config))))
}

/// What cannot be read in the places of the environment breaks nothing.
fn roots() -> RootCertStore {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let folder = std::env::var_os("SSL_CERT_DIR").map(PathBuf::from);
    let listed = folder
        .and_then(|folder| folder.read_dir().ok())
        .into_iter()
        .flatten()
        .flatten();
    let is_certificate = |path: &PathBuf| {
        path.extension()
            .is_some_and(|end| end == "pem" || end == "crt")
    };
    let files = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    for path in files
        .into_iter()
        .chain(listed.map(|entry| entry.path()).filter(is_certificate))
    {
        add(&mut roots, &path);
    }
    roots
}

fn add(roots: &mut RootCertStore, path: &Path) {
    if let Ok(certificates) = CertificateDer::pem_file_iter(path) {
        roots.add_parsable_certificates(certificates.flatten());
    }
}
