//! A port with TLS that hands everything to the plain one: kubectl sends bearer tokens over TLS only.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{CertificateParams, CertifiedKey, KeyPair, SanType};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::sim::Error;

/// A bound port with a certificate of its own. Dropped, it closes every connection.
#[derive(Debug)]
pub(crate) struct Tls {
    address: SocketAddr,
    certificate: String,
    task: JoinHandle<()>,
}

impl Tls {
    /// Binds a free port of 127.0.0.1 before a plain one.
    pub(crate) async fn start(behind: SocketAddr) -> Result<Self, Error> {
        let certified = certificate().map_err(|error| Error::Certificate(error.to_string()))?;
        let acceptor = TlsAcceptor::from(Arc::new(configuration(&certified).map_err(|error| Error::Certificate(error.to_string()))?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(serve(listener, acceptor, behind));
        Ok(Self { address, certificate: certified.cert.pem(), task })
    }

    /// `https://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate as a kubeconfig has it.
    pub(crate) fn certificate_base64(&self) -> String {
        BASE64_STANDARD.encode(&self.certificate)
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A certificate that signs itself, for 127.0.0.1.
fn certificate() -> Result<CertifiedKey<KeyPair>, rcgen::Error> {
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()])?;
    parameters.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let signing_key = KeyPair::generate()?;
    let cert = parameters.self_signed(&signing_key)?;
    Ok(CertifiedKey { cert, signing_key })
}

fn configuration(certified: &CertifiedKey<KeyPair>) -> Result<ServerConfig, tokio_rustls::rustls::Error> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
    builder.with_no_client_auth().with_single_cert(vec![certified.cert.der().clone()], key)
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, behind: SocketAddr) {
    // ended with this task
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(hand_over(stream, acceptor.clone(), behind));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// A connection that cannot be made or that breaks is the client's to notice.
async fn hand_over(stream: TcpStream, acceptor: TlsAcceptor, behind: SocketAddr) {
    let _ = stream.set_nodelay(true);
    let (Ok(mut inside), Ok(mut plain)) = (acceptor.accept(stream).await, TcpStream::connect(behind).await) else { return };
    let _ = plain.set_nodelay(true);
    let _ = copy_bidirectional(&mut inside, &mut plain).await;
}
