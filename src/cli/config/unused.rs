//! What `ansible.cfg` may say to Ansible and what means nothing here: plugins written in Python, the looks of another
//! program, temporary folders of an agent that there is not. Said at `-v`.

/// Keys by section.
const UNUSED: &[(&str, &str)] = &[
    (
        "colors",
        "changed console_prompt debug deprecate diff_add diff_lines diff_remove doc_constant doc_deprecated \
         doc_link doc_module doc_plugin doc_reference error highlight included ok skip unreachable verbose warn",
    ),
    ("connection", "pipelining retries ssh_agent ssh_agent_executable ssh_agent_key_lifetime"),
    (
        "defaults",
        "accelerate_port accelerate_timeout action_plugins action_warnings admin_users allow_broken_conditionals \
         allow_embedded_templates allow_unsafe_lookups allow_world_readable_tmpfiles ansible_managed \
         ask_sudo_pass async_dir become_plugins bin_ansible_callbacks cache_plugins callback_enabled \
         callback_format_pretty callback_plugins callback_result_format callback_whitelist callbacks_enabled \
         check_mode_markers cliconf_plugins collections_on_ansible_version_mismatch \
         collections_scan_sys_path command_warnings connection_plugins cow_selection cowpath \
         cowsay_enabled_stencils debug deprecation_warnings devel_warning display_args_to_stdout \
         display_failed_stderr display_traceback doc_fragment_plugins docsite_root_url \
         enable_task_debugger executable \
         fact_path facts_modules filter_plugins \
         force_valid_group_names gather_subset gather_timeout home hostfile httpapi_plugins \
         internal_poll_interval interpreter_python invalid_task_attribute_failed \
         inventory_plugins jinja2_extensions jinja2_native \
         keep_remote_files library local_tmp localhost_warning log_filter log_verbosity lookup_plugins \
         managed_syslog max_diff_size module_args module_compression module_ignore_exts module_lang module_name \
         module_set_locale module_strict_utf8_response module_utils netconf_plugins network_group_modules \
         no_target_syslog nocows null_representation old_plugin_cache_clear pager pattern pipelining playbook_dir \
         playbook_vars_root plugin_filters_cfg poll_interval precedence private_role_vars \
         python_module_rlimit_nofile remote_temp remote_tmp retry_files_enabled retry_files_save_path \
         role_skeleton run_vars_plugins show_per_host_start show_task_path_on_failure \
         special_context_filesystems squash_actions strategy_plugins su su_exe su_flags su_user \
         sudo_exe sudo_flags sudo_user syslog_facility system_tmpdirs system_warnings target_log_info \
         task_debugger_ignore_errors terminal_plugins test_plugins timeout_seconds \
         use_persistent_connections validate_action_group_metadata var_compression_level vars_plugins \
         vars_plugins_enabled vault_identity verbose_to_stderr win_async_startup_timeout \
         world_readable_temp yaml_valid_extensions",
    ),
    ("diff", "context"),
    (
        "galaxy",
        "cache_dir collection_skeleton collection_skeleton_ignore collections_path_warning disable_gpg_verify \
         display_progress gpg_keyring ignore_certs ignore_signature_status_codes required_valid_signature_count \
         role_skeleton role_skeleton_ignore server server_list server_timeout token_path",
    ),
    ("inventory", "cache cache_connection cache_plugin cache_prefix cache_timeout export"),
    ("jinja2", "dont_type_filters"),
    ("netconf_connection", "ssh_config"),
    (
        "paramiko_connection",
        "host_key_auto_add host_key_checking look_for_keys proxy_command pty record_host_keys \
         use_rsa_sha2_algorithms",
    ),
    (
        "persistent_connection",
        "ansible_connection_path buffer_read_timeout connect_retry_timeout connect_timeout control_path_dir \
         log_messages",
    ),
    ("privilege_escalation", "agnostic_become_prompt become_allow_same_user"),
    ("selinux", "libvirt_lxc_noseclabel special_context_filesystems"),
    ("sudo_become_plugin", "password"),
    (
        "ssh_connection",
        "control_path control_path_dir password_mechanism pipelining pkcs11_provider retries scp_executable \
         scp_extra_args scp_if_ssh sftp_batch_mode sftp_executable sftp_extra_args ssh_executable \
         ssh_transfer_method sshpass_prompt transfer_method usetty verbosity",
    ),
];

/// Beginnings and ends of names of sections that belong to plugins.
const PLUGIN_SECTIONS: &[(&str, &str)] = &[
    ("galaxy_server.", ""),
    ("callback_", ""),
    ("inventory_plugin_", ""),
    ("", "_lookup"),
    ("", "_become_plugin"),
    ("", "_inventory"),
    ("", "_cache"),
    ("", "_connection"),
    ("", "_callback"),
];

/// Claims that Ansible knows the key, and that it means nothing here.
pub(super) fn is_unused(section: &str, key: &str) -> bool {
    let known = UNUSED.iter().filter(|(name, _)| *name == section);
    known.into_iter().any(|(_, keys)| keys.split_whitespace().any(|known| known == key)) || is_unused_section(section)
}

/// Claims that a section belongs to a plugin.
pub(super) fn is_unused_section(section: &str) -> bool {
    PLUGIN_SECTIONS
        .iter()
        .any(|(start, end)| section.starts_with(start) && section.ends_with(end) && !super::table::is_section(section))
}

/// Returns every section and its keys that mean nothing here.
pub(super) fn unused() -> impl Iterator<Item = (&'static str, &'static str)> {
    UNUSED.iter().copied()
}
