//! The end of work that nothing else can interrupt: templates, their filters and regular expressions.
//!
//! They run on the threads of the event loop and wait for nothing, so that no cancellation reaches them. They look here
//! instead, between one piece of work and the next.

use std::sync::atomic::{AtomicBool, Ordering};

static HALTED: AtomicBool = AtomicBool::new(false);

/// What the work that ends says.
pub(crate) const MESSAGE: &str = "was ended with the run";

/// Has all such work of the process end, now and from now on.
pub(crate) fn halt() {
    HALTED.store(true, Ordering::Relaxed);
}

/// Claims that such work is to end.
#[inline]
pub(crate) fn is_halted() -> bool {
    HALTED.load(Ordering::Relaxed)
}
