//! Ctrl-C and SIGTERM as flags: the first asks for an end with checkpoints, the second ends the process at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub(super) struct Signals {
    stop: Arc<AtomicBool>,
    caught: Arc<AtomicUsize>,
}

impl Signals {
    pub(super) fn watch() -> io::Result<Self> {
        let (stop, caught) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the second signal finds the flag set by the first.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop))?;
            flag::register(signal, Arc::clone(&stop))?;
            flag::register_usize(signal, Arc::clone(&caught), signal as usize)?;
        }
        Ok(Self { stop, caught })
    }

    pub(super) fn stop(&self) -> &AtomicBool {
        &self.stop
    }

    /// The signal that came, if one did.
    pub(super) fn caught(&self) -> Option<u8> {
        Some(self.caught.load(Ordering::Relaxed) as u8).filter(|&signal| signal > 0)
    }
}
