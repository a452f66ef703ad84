//! Whether a cluster answers what an upstream asks: kube's watcher says nothing of it.

use std::sync::Arc;

use http::HeaderMap;
use kube::Client;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tower::service_fn;

use crate::clusters::SILENT;

/// Waits until something that was asked has been without answer for [`SILENT`], and is not the one of which that is known.
pub(super) async fn silence(mut asked: watch::Receiver<Option<Instant>>, known: Option<Instant>) -> Instant {
    loop {
        let since = asked.borrow_and_update().filter(|since| known != Some(*since));
        let silent = async {
            match since {
                Some(since) => tokio::time::sleep_until(since + SILENT).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = silent => return since.expect("it was waited for"),
            _ = asked.changed() => {}
        }
    }
}

/// A client that says when it asked and when it was answered: kube's watcher reconnects without a word, and a quiet watch has no event that would show it.
/// Its requests carry these headers besides.
pub(super) fn heard(client: Client, answered: Arc<Notify>, asked: watch::Sender<Option<Instant>>, headers: HeaderMap) -> Client {
    let service = service_fn(move |mut request: http::Request<kube::client::Body>| {
        let (client, answered, asked) = (client.clone(), answered.clone(), asked.clone());
        request.headers_mut().extend(headers.clone());
        async move {
            asked.send_replace(Some(Instant::now()));
            let response = client.send(request).await;
            asked.send_replace(None);
            let response = response?;
            if response.status().is_success() {
                answered.notify_one();
            }
            Ok::<_, kube::Error>(response)
        }
    });
    Client::new(service, "default")
}
