//! The order of a merged list: the patch's own items as the patch has them, and those that only
//! the server has kept before the items that they stood before.

use serde_json::Value;

/// What two items of a list have in common when they are the same item: the merge key's value, or
/// (without a key) the item itself.
pub(super) fn identity<'a>(item: &'a Value, key: &str) -> &'a Value {
    if key.is_empty() { item } else { item.get(key).unwrap_or(&Value::Null) }
}

/// Where `item` stands in `list`.
pub(super) fn position(list: &[Value], item: &Value, key: &str) -> Option<usize> {
    list.iter().position(|other| identity(other, key) == identity(item, key))
}

/// Orders `merged`: items of `wanted` in its order, the others in the order of `before`.
pub(super) fn arrange(
    merged: Vec<Value>,
    wanted: &[Value],
    before: &[Value],
    key: &str,
) -> Vec<Value> {
    let (mut named, mut others): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|item| position(wanted, item, key).is_some());
    named.sort_by_key(|item| position(wanted, item, key));
    others.sort_by_key(|item| position(before, item, key));
    let mut named = named.into_iter().peekable();
    let mut others = others.into_iter().peekable();
    let mut arranged = Vec::new();
    loop {
        let other_first = match (others.peek(), named.peek()) {
            (Some(other), Some(item)) => {
                let places = (position(before, other, key), position(before, item, key));
                matches!(places, (Some(other), Some(item)) if other < item)
            }
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return arranged,
        };
        arranged.extend(if other_first { others.next() } else { named.next() });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list(names: &str) -> Vec<Value> {
        names.chars().map(|name| json!({"name": name.to_string()})).collect()
    }

    fn arranged(merged: &str, wanted: &str, before: &str) -> String {
        let items = arrange(list(merged), &list(wanted), &list(before), "name");
        items.iter().filter_map(|item| item["name"].as_str()).collect()
    }

    #[test]
    fn new_items_of_a_patch_come_first() {
        assert_eq!(arranged("abx", "x", "ab"), "xab");
    }

    #[test]
    fn items_of_the_server_keep_their_neighbours() {
        assert_eq!(arranged("abc", "ca", "abc"), "bca");
        assert_eq!(arranged("sab", "ab", "sab"), "sab");
    }
}
