//! Sessions of clients that began with a handshake. They hold which revision was chosen and which requests run, so that one
//! request can cancel another; nothing of a toolbox depends on them.

use crate::call::lock;
use crate::client::Client;
use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Arc, Mutex};

/// Sessions that are remembered. A client whose session was forgotten gets 404 and begins anew.
const N_SESSIONS: usize = 256;

/// Sessions by their ids, the least recently used first.
#[derive(Default)]
pub(super) struct Sessions(Mutex<VecDeque<(String, Arc<Client>)>>);

impl Sessions {
    pub(super) fn begin(&self, client: Arc<Client>) -> String {
        let id = new_id();
        let mut sessions = lock(&self.0);
        if sessions.len() >= N_SESSIONS {
            // One without a running request, if there is one.
            let idle = sessions.iter().position(|(_, client)| client.is_idle()).unwrap_or(0);
            sessions.remove(idle);
        }
        sessions.push_back((id.clone(), client));
        id
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Client>> {
        let mut sessions = lock(&self.0);
        let index = sessions.iter().position(|(other, _)| other == id)?;
        let session = sessions.remove(index)?;
        let client = Arc::clone(&session.1);
        sessions.push_back(session);
        Some(client)
    }

    /// Forgets a session.
    pub(super) fn end(&self, id: &str) -> Option<Arc<Client>> {
        let mut sessions = lock(&self.0);
        let index = sessions.iter().position(|(other, _)| other == id)?;
        sessions.remove(index).map(|(_, client)| client)
    }
}

/// A name that nobody guesses: 128 bits from keys that the operating system drew. It opens nothing but this list of requests.
fn new_id() -> String {
    let word = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::Revision;
    use crate::tests::server;

    #[test]
    fn sessions_are_found_until_they_end_or_too_many_come_after() {
        let sessions = Sessions::default();
        let client = || Arc::new(Client::new(Arc::new(server()), Some(Revision::V2025_11_25)));
        let ids: Vec<String> = (0..N_SESSIONS).map(|_| sessions.begin(client())).collect();
        assert!(sessions.find(&ids[0]).is_some(), "used last from now on");
        sessions.begin(client());
        assert!(sessions.find(&ids[0]).is_some() && sessions.find(&ids[1]).is_none());
        assert!(sessions.end(&ids[2]).is_some() && sessions.end(&ids[2]).is_none());
        let mut sorted = ids.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), ids.len());
    }
}
