use super::*;
use proptest::prelude::*;

#[test]
fn what_is_read_is_written_again() {
    for text in [
        "<a/>",
        "<a x=\"1\" y=\"&lt;&quot;&amp;\">t &amp; u &lt; v &gt; w</a>",
        "<nc:a xmlns:nc=\"urn:x\"><nc:b>1</nc:b> <c xmlns=\"urn:y\"/></nc:a>",
    ] {
        assert_eq!(Element::read(text).unwrap().to_string(), text);
    }
    let read = Element::read("<?xml version=\"1.0\"?><!-- c --><a><![CDATA[<x>]]>&#65;<!-- d --></a>").unwrap();
    assert_eq!(read.to_string(), "<a>&lt;x&gt;A</a>");
}

#[test]
fn a_namespace_is_read_like_every_attribute() {
    let read = Element::read("<a xmlns=\"urn:x?&amp;y&#x41;\"/>").unwrap();
    assert_eq!(read.namespace.as_deref(), Some("urn:x?&yA"));
    assert_eq!(Element::read(&read.to_string()), Ok(read));
}

#[test]
fn what_is_no_document_is_refused() {
    for (text, why) in [
        ("", "no element"),
        ("x", "text outside"),
        ("<a>", "not closed"),
        ("<a/><b/>", "more than one root"),
        ("<n:a/>", "not declared"),
        ("<a>&b;</a>", "unknown entity"),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "declares entities"),
    ] {
        let said = Element::read(text).unwrap_err();
        assert!(said.contains(why), "{text}: {said}");
    }
    assert!(Element::read("<a></b>").is_err());
    let deep = "<a>".repeat(300) + &"</a>".repeat(300);
    assert!(Element::read(&deep).unwrap_err().contains("deeper"));
}

#[test]
fn elements_are_found_whatever_their_prefix() {
    let reply = "<nc:rpc-reply xmlns:nc=\"urn:x\" xmlns=\"urn:y\" nc:id=\"7\"><nc:data><b> 1 </b><b>2</b></nc:data></nc:rpc-reply>";
    let reply = Element::read(reply).unwrap();
    assert_eq!(reply.attribute("id"), Some("7"));
    assert_eq!(reply.find("b").map(Element::text).as_deref(), Some("1"));
    assert_eq!(reply.find("b").and_then(|b| b.namespace.clone()).as_deref(), Some("urn:y"));
    let data = reply.cut_out("data").unwrap();
    assert_eq!(
        data.to_string(),
        "<nc:data xmlns:nc=\"urn:x\" xmlns=\"urn:y\"><b> 1 </b><b>2</b></nc:data>",
        "it stands for itself"
    );
    assert_eq!(data.plain().to_string(), "<data><b> 1 </b><b>2</b></data>");
    assert_eq!(data.plain().pretty(), "<data>\n  <b> 1 </b>\n  <b>2</b>\n</data>\n");
}

fn any_element() -> impl Strategy<Value = Element> {
    let text = "[ -~é\n]{1,12}";
    let leaf = ("[a-z]{1,4}", proptest::option::of(text), proptest::collection::vec(("[a-z]", text), 0..2));
    let leaf = leaf.prop_map(|(name, text, mut attributes)| {
        attributes.dedup_by(|a, b| a.0 == b.0);
        Element { attributes, nodes: text.into_iter().map(Node::Text).collect(), ..Element::new(name) }
    });
    leaf.prop_recursive(4, 40, 5, |inside| {
        ("[a-z]{1,4}", proptest::collection::vec(inside, 0..5)).prop_map(|(name, inside)| Element {
            nodes: inside.into_iter().map(Node::Element).collect(),
            ..Element::new(name)
        })
    })
}

proptest! {
    #[test]
    fn any_element_survives_being_written(element in any_element()) {
        prop_assert_eq!(Element::read(&element.to_string()).unwrap(), element);
    }

    #[test]
    fn any_text_is_a_document_or_refused(text in "[<>/a b&;!\\[\\]=\"'?-]{0,60}") {
        let _ = Element::read(&text);
    }
}
