//! What Ansible's templates have and netplay's do not, with the reason. Everything else that Ansible documents is there:
//! a test compares with its own lists.

use super::ReferenceKind;

/// A filter, test or lookup that there is not, or a whole collection of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What it is.
    pub kind: ReferenceKind,
    /// Its qualified name; one that ends in `.*` stands for all of a collection.
    pub name: &'static str,
    /// Why it is not there, or what to use instead.
    pub why: &'static str,
}

const fn filter(name: &'static str, why: &'static str) -> Refused {
    Refused { kind: ReferenceKind::Filter, name, why }
}

const fn test(name: &'static str, why: &'static str) -> Refused {
    Refused { kind: ReferenceKind::Test, name, why }
}

const fn lookup(name: &'static str, why: &'static str) -> Refused {
    Refused { kind: ReferenceKind::Lookup, name, why }
}

/// Why secrets of other programs are not read.
const SECRETS: &str = "secrets come from the vault, the environment (`env`) or a program (`pipe`)";
/// Why services are not asked.
const CALLS: &str = "templates call no services: use a task with `uri` and `register`";
/// Why names are not resolved.
const NAMES: &str = "templates ask no name server: use a task, or the lookup `pipe`";
/// Why schemas are not checked. No playbook of the 124 public repositories that were counted does it, and the kept crate for
/// it (`jsonschema`, without its defaults) brings 26 others.
const SCHEMA: &str = "data is checked by `assert`, role arguments by `meta/argument_specs.yml`";
/// Why tables of Ansible's own are not there.
const INSIDE: &str = "it looks at Ansible's own inside, of which there is none here";

/// All refusals.
pub static REFUSED: &[Refused] = &[
    filter("ansible.netcommon.pop_ace", "use `rejectattr` on the entries"),
    filter("ansible.utils.validate", SCHEMA),
    filter("community.general.hashids_decode", "use `hash` or `to_uuid`"),
    filter("community.general.hashids_encode", "use `hash` or `to_uuid`"),
    filter("community.general.jc", "use `regex_findall`, `from_json` or the facts"),
    filter("community.general.json_diff", "use `ansible.utils.fact_diff`"),
    filter("community.general.json_patch", "use `combine`"),
    filter("community.general.json_patch_recipe", "use `combine`"),
    filter("community.general.reveal_ansible_type", INSIDE),
    filter("community.general.to_prettytable", "write the table as a template"),
    filter("ansible.windows.*", "Windows is not supported"),
    filter("cisco.aci.*", "controllers are reached by `uri`"),
    filter("community.crypto.*", "certificates are read by a command"),
    filter("community.dns.*", NAMES),
    filter("community.hashi_vault.*", SECRETS),
    filter("community.routeros.*", "the platform is not there"),
    filter("community.sops.*", SECRETS),
    filter("f5networks.f5_modules.*", "the platform is not there"),
    filter("google.cloud.*", CALLS),
    filter("hetzner.hcloud.*", CALLS),
    filter("infinidat.infinibox.*", CALLS),
    filter("kubernetes.core.*", CALLS),
    filter("microsoft.ad.*", "Windows is not supported"),
    filter("netapp.ontap.*", CALLS),
    filter("ovirt.ovirt.*", CALLS),
    filter("theforeman.foreman.*", CALLS),
    test("ansible.utils.resolvable", NAMES),
    test("ansible.utils.validate", SCHEMA),
    test("community.general.a_module", "unknown modules are found before anything runs"),
    test("community.general.ansible_type", INSIDE),
    test("community.general.fqdn_valid", "use `is match` with a pattern"),
    test("ovirt.ovirt.*", CALLS),
    lookup("ansible.utils.validate", SCHEMA),
    lookup("community.general.binary_file", "files are read as text; `slurp` gives bytes as base64"),
    lookup("community.general.bitwarden", SECRETS),
    lookup("community.general.bitwarden_secrets_manager", SECRETS),
    lookup("community.general.chef_databag", CALLS),
    lookup("community.general.collection_version", "no collections are loaded: what they have is built in"),
    lookup("community.general.consul_kv", CALLS),
    lookup("community.general.credstash", SECRETS),
    lookup("community.general.cyberarkpassword", SECRETS),
    lookup("community.general.dependent", "use a template with loops inside each other, or `nested` with `when`"),
    lookup("community.general.dig", NAMES),
    lookup("community.general.dnstxt", NAMES),
    lookup("community.general.dsv", SECRETS),
    lookup("community.general.etcd", CALLS),
    lookup("community.general.etcd3", CALLS),
    lookup("community.general.filetree", "use `fileglob`, or `copy` of a folder"),
    lookup("community.general.github_app_access_token", CALLS),
    lookup("community.general.hiera", "variables come from the inventory and its folders"),
    lookup("community.general.keyring", SECRETS),
    lookup("community.general.lastpass", SECRETS),
    lookup("community.general.lmdb_kv", "use the lookup `pipe`"),
    lookup("community.general.merge_variables", "use `varnames` with `map('extract', vars)` and `combine`"),
    lookup("community.general.onepassword", SECRETS),
    lookup("community.general.onepassword_doc", SECRETS),
    lookup("community.general.onepassword_raw", SECRETS),
    lookup("community.general.onepassword_ssh_key", SECRETS),
    lookup("community.general.passwordstore", SECRETS),
    lookup("community.general.random_pet", "use `random_choice` with a list of words"),
    lookup("community.general.random_words", "use `random_choice` with a list of words"),
    lookup("community.general.redis", CALLS),
    lookup("community.general.revbitspss", SECRETS),
    lookup("community.general.shelvefile", "use the lookup `pipe`"),
    lookup("community.general.tss", SECRETS),
    lookup("amazon.aws.*", CALLS),
    lookup("awx.awx.*", CALLS),
    lookup("azure.azcollection.*", CALLS),
    lookup("cisco.aci.*", "controllers are reached by `uri`"),
    lookup("community.crypto.*", "certificates are read by a command"),
    lookup("community.dns.*", NAMES),
    lookup("community.grafana.*", CALLS),
    lookup("community.hashi_vault.*", SECRETS),
    lookup("community.mongodb.*", CALLS),
    lookup("community.rabbitmq.*", CALLS),
    lookup("community.sops.*", SECRETS),
    lookup("community.windows.*", "Windows is not supported"),
    lookup("cyberark.conjur.*", SECRETS),
    lookup("f5networks.f5_modules.*", "the platform is not there"),
    lookup("google.cloud.*", CALLS),
    lookup("infoblox.nios_modules.*", CALLS),
    lookup("kubernetes.core.*", CALLS),
    lookup("netapp_eseries.santricity.*", CALLS),
    lookup("netbox.netbox.*", CALLS),
    lookup("vmware.vmware.*", CALLS),
    lookup("vmware.vmware_rest.*", CALLS),
];

/// Returns the refusal of a name, qualified or, for those of Ansible itself and of common collections, plain.
pub(crate) fn find(kind: ReferenceKind, name: &str) -> Option<&'static Refused> {
    let fits = |refused: &&Refused| match refused.name.strip_suffix('*') {
        Some(collection) => name.starts_with(collection),
        None => refused.name == name || (!name.contains('.') && refused.name.rsplit('.').next() == Some(name)),
    };
    REFUSED.iter().filter(|refused| refused.kind == kind).find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::globals;
    use crate::template::reference::reference;
    use std::collections::HashMap;

    fn recorded() -> HashMap<String, Vec<String>> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template/ansible.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn nothing_that_ansible_documents_is_forgotten() {
        let rows = reference();
        let recorded = recorded();
        let mut wrong = Vec::new();
        for (word, kind) in
            [("filter", ReferenceKind::Filter), ("test", ReferenceKind::Test), ("lookup", ReferenceKind::Lookup)]
        {
            for name in &recorded[word] {
                // What is Ansible's own under another name in a collection counts by its last part.
                let plain = name.rsplit('.').next().unwrap_or(name);
                let is_there = rows.iter().any(|row| {
                    let has = |name: &str| row.name == name || row.aliases.contains(&name);
                    row.kind == kind && (has(name) || name.starts_with("community.general.") && has(plain))
                });
                let is_refused = find(kind, name).is_some();
                if !is_there && !is_refused {
                    wrong.push(format!("{word} {name}"));
                }
            }
        }
        for name in &recorded["global"] {
            if !globals::NAMES.iter().any(|(known, _)| known == name) {
                wrong.push(format!("global {name}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(recorded["filter"].len() > 200 && recorded["test"].len() > 100 && recorded["lookup"].len() > 100);
    }

    #[test]
    fn refusals_are_of_things_that_there_are_in_ansible() {
        let recorded = recorded();
        for refused in REFUSED {
            let word = match refused.kind {
                ReferenceKind::Filter => "filter",
                ReferenceKind::Test => "test",
                ReferenceKind::Lookup => "lookup",
                ReferenceKind::Global => "global",
            };
            let known = recorded[word].iter().any(|name| find(refused.kind, name) == Some(refused));
            assert!(known, "{word} {} is refused, but not documented", refused.name);
        }
    }
}
