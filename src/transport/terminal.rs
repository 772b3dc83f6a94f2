//! How the CLI of one device is used, where that is not the business of its platform.

/// What variables of a host say about its CLI.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// Reads may be typed ahead, where the platform allows it.
    pub types_ahead: bool,
}

impl Default for Terminal {
    fn default() -> Terminal {
        Terminal { types_ahead: true }
    }
}
