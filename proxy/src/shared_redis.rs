//! The Redis that several proxies share: their rooms are kept there, and their sessions. Each has a connection of its own, so that a large room holds up no sign-in.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError};

/// A connection that is made when it is first needed, and again after a failure; nothing is asked yet. An answer takes `patience` at most, and so does connecting.
///
/// # Errors
/// When the URL is none.
pub(crate) fn connect(url: &str, patience: Duration) -> Result<(Client, ConnectionManager), RedisError> {
    let client = Client::open(url)?;
    let config = ConnectionManagerConfig::new().set_response_timeout(Some(patience)).set_connection_timeout(Some(patience)).set_number_of_retries(1);
    let connection = ConnectionManager::new_lazy_with_config(client.clone(), config)?;
    Ok((client, connection))
}
