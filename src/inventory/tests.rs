//! What a whole inventory says, next to what Ansible says about the same files.
