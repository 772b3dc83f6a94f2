"""The configuration of Junos as XML, in which Ansible's modules speak, and the `set` lines that stand for the same."""

from lxml import etree

# A list whose element stands in no line: `set vlans users` for `<vlans><vlan><name>users`.
SILENT = {("interfaces", "interface"), ("vlans", "vlan"), ("routing-instances", "instance")}

# A value whose element stands in no line: `metric 4` for `<metric><metric-value>4`.
PLAIN = {"metric-value", "as-number"}


def name_of(element):
    names = [child.text or "" for child in element if child.tag in KEYS]
    return " ".join(name.strip() for name in names) or None


def word(element):
    around = element.getparent()
    is_silent = element.tag in PLAIN or around is not None and (
        (around.tag, element.tag) in SILENT or around.tag == element.tag and name_of(element) is None
    )
    name = name_of(element)
    return [part for part in ("" if is_silent else element.tag, quoted(name) if name else "") if part]


def quoted(text):
    return f'"{text}"' if not text or any(c in text for c in " ;{}#\"'") else text


# What names an element of a list.
KEYS = {"name", "from-zone-name", "to-zone-name"}


def zones(element):
    """Returns the words of security policies from one zone to another."""
    one, other = element.find("from-zone-name"), element.find("to-zone-name")
    return None if one is None or other is None else ["from-zone", one.text.strip(), "to-zone", other.text.strip()]


def lines(element, before=()):
    """Returns the lines of what stands in an element, without `set`."""
    found = []
    for child in element:
        if not isinstance(child.tag, str) or child.tag in KEYS:
            continue
        text = (child.text or "").strip()
        at = [*before, *(zones(child) or word(child))]
        inside = lines(child, at)
        if inside:
            found += inside
        elif text:
            found.append(" ".join([*at, quoted(text)]))
        else:
            found.append(" ".join(at))
    return found


# What is nothing by itself.
WHOLE = {"routing-options", "protocols", "security", "interfaces", "vlans"}


def same(one, other):
    return one.tag == other.tag and name_of(one) == name_of(other)


def is_value(element):
    return len(element) == 0 and (element.text or "").strip()


# Leaves of which there may be several beside each other.
SEVERAL = {
    "import", "export", "next-hop", "allow", "members", "source-address", "destination-address", "protocol", "community",
    "application", "name-server", "address-name",
}


def edited(tree, edit):
    """Merges an edit into a tree, as `load-configuration` does: what is marked `delete` goes."""
    for change in edit:
        if not isinstance(change.tag, str) or change.tag in KEYS:
            continue
        # What is on by default shows no line.
        if change.tag == "enable":
            for child in tree.findall("disable"):
                tree.remove(child)
            continue
        there = [child for child in tree if same(child, change)]
        if change.get("delete") == "delete" or change.get("operation") == "delete":
            # All of a list go, or the one that is named.
            if name_of(change) is None:
                there = [child for child in tree if child.tag == change.tag]
            if is_value(change):
                there = [child for child in there if (child.text or "").strip() == change.text.strip()]
            for child in there:
                tree.remove(child)
                tree.set("emptied", "yes")
            continue
        if is_value(change):
            if change.tag in SEVERAL:
                if not any((child.text or "").strip() == change.text.strip() for child in there):
                    tree.append(copied(change))
            elif there:
                there[0].text = change.text
            else:
                tree.append(copied(change))
            continue
        if len(change) == 0 and change.tag in WHOLE:
            continue
        if not there:
            new = etree.SubElement(tree, change.tag)
            for name in change:
                if name.tag in KEYS:
                    etree.SubElement(new, name.tag).text = name.text
            there = [new]
        edited(there[0], change)
        # An edit that takes all away leaves no container behind.
        if len(there[0]) == 0 and len(change) > 0:
            tree.remove(there[0])


def pruned(element):
    """Takes away containers in which edits have left nothing."""
    for child in list(element):
        pruned(child)
        if child.get("emptied") and all(inner.tag in KEYS for inner in child):
            element.remove(child)
            element.set("emptied", "yes")


def copied(element):
    new = etree.Element(element.tag)
    new.text = element.text
    return new


def plain(element):
    """Takes the namespaces away."""
    for each in element.iter():
        if isinstance(each.tag, str):
            each.tag = etree.QName(each).localname
            for key in list(each.attrib):
                each.set(etree.QName(key).localname, each.attrib[key])
    return element


def after(have, edits):
    """Returns the lines of a configuration after edits."""
    tree = etree.fromstring(f"<configuration>{have}</configuration>")
    for edit in edits:
        edit = plain(etree.fromstring(edit))
        whole = etree.Element("configuration")
        if edit.tag == "configuration":
            whole = edit
        else:
            whole.append(edit)
        edited(tree, whole)
        pruned(tree)
    return sorted(set(lines(tree)))
