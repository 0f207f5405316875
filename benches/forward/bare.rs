//! The same Pingora with nothing to do: what forwarding costs before anybody asks who is there.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use pingora::{
    listeners::tls::TlsSettings,
    prelude::*,
    server::configuration::{Opt, ServerConf},
};

struct Empty(SocketAddr);

#[async_trait]
impl ProxyHttp for Empty {
    type CTX = ();
    fn new_ctx(&self) {}
    async fn upstream_peer(&self, _session: &mut Session, _ctx: &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.0, false, String::new())))
    }
}

/// Serves until it is killed.
pub(crate) fn serve(listen: &str, upstream: SocketAddr, certificate: &str, key: &str, directory: &str) {
    let conf = ServerConf {
        threads: 1,
        pid_file: format!("{directory}/bare.pid"),
        upgrade_sock: format!("{directory}/bare.sock"),
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(Opt::default(), conf);
    server.bootstrap();
    let conf = Arc::clone(&server.configuration);
    let mut service = http_proxy_service(&conf, Empty(upstream));
    let tls = TlsSettings::intermediate(certificate, key).expect("the certificate is usable");
    service.add_tls_with_settings(listen, None, tls);
    server.add_service(service);
    server.run_forever();
}
