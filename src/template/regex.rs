//! Python's regular expressions on Rust's engines: what authors write for Python's `re` means the same here.
