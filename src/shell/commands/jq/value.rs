//! jq's values: JSON with numbers as doubles, objects in the order in which keys came.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How deep values may nest.
pub(super) const DEEPEST: u16 = 1_000;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    String(Rc<str>),
    Array(Rc<Array>),
    Object(Rc<Object>),
}

/// An array, how deep it nests, and its size.
#[derive(Clone, Debug, Default)]
pub(super) struct Array {
    pub items: Vec<Value>,
    depth: u16,
    size: u64,
}

/// An object: its keys with their places in the order of coming.
#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    entries: BTreeMap<Rc<str>, (u64, Value)>,
    next: u64,
    depth: u16,
    size: u64,
}

impl Object {
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub fn insert(&mut self, key: Rc<str>, value: Value) {
        self.depth = self.depth.max(value.depth());
        self.size = self.size.saturating_add(value.size());
        if let Some((_, old)) = self.entries.get_mut(&key) {
            self.size = self.size.saturating_sub(old.size());
            *old = value;
            return;
        }
        self.size = self.size.saturating_add(key.len() as u64);
        self.entries.insert(key, (self.next, value));
        self.next += 1;
    }

    pub fn remove(&mut self, key: &str) {
        if let Some((_, old)) = self.entries.remove(key) {
            self.size = self.size.saturating_sub(old.size()).saturating_sub(key.len() as u64);
        }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Keys and values in the order of their keys.
    pub fn sorted(&self) -> impl Iterator<Item = (&Rc<str>, &Value)> {
        self.entries.iter().map(|(key, (_, value))| (key, value))
    }

    /// Keys and values in the order in which they came.
    pub fn in_order(&self) -> Vec<(&Rc<str>, &Value)> {
        let mut all: Vec<_> = self.entries.iter().collect();
        all.sort_by_key(|(_, (place, _))| *place);
        all.into_iter().map(|(key, (_, value))| (key, value)).collect()
    }
}

impl Value {
    pub fn text(text: impl AsRef<str>) -> Value {
        Value::String(Rc::from(text.as_ref()))
    }

    pub fn array(items: Vec<Value>) -> Value {
        let depth = items.iter().map(Value::depth).max().unwrap_or(0);
        let size = items.iter().fold(0_u64, |size, item| size.saturating_add(item.size()));
        Value::Array(Rc::new(Array { items, depth, size }))
    }

    pub fn object(pairs: impl IntoIterator<Item = (Rc<str>, Value)>) -> Value {
        let mut object = Object::default();
        for (key, value) in pairs {
            object.insert(key, value);
        }
        Value::Object(Rc::new(object))
    }

    /// How deep it nests.
    pub fn depth(&self) -> u16 {
        match self {
            Value::Array(array) => array.depth + 1,
            Value::Object(object) => object.depth + 1,
            _ => 0,
        }
    }

    /// About how many bytes it takes to be written. What stands in it several times counts as often, so
    /// this may be far more than it takes in memory.
    pub fn size(&self) -> u64 {
        const SCALAR: u64 = 8;
        SCALAR.saturating_add(match self {
            Value::String(text) => text.len() as u64,
            Value::Array(array) => array.size,
            Value::Object(object) => object.size,
            _ => 0,
        })
    }

    /// How many values stand in it, not counting those in them.
    pub fn width(&self) -> u64 {
        match self {
            Value::Array(array) => array.items.len() as u64,
            Value::Object(object) => object.len() as u64,
            _ => 0,
        }
    }

    pub fn is_true(&self) -> bool {
        !matches!(self, Value::Null | Value::Bool(false))
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }

    /// `string ("abc")`: as errors show it. jq keeps eleven bytes of a long value.
    pub fn shown(&self) -> String {
        let text = super::print::beginning(self);
        let short = match text.len() > 14 {
            true => {
                let mut end = 11;
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                format!("{}...", &text[..end])
            }
            false => text,
        };
        format!("{} ({short})", self.kind())
    }

    /// The place of its kind in the order of values, from 0: null, false, true, numbers, strings, arrays,
    /// objects.
    pub fn rank(&self) -> u8 {
        match self {
            Value::Null => 0,
            Value::Bool(false) => 1,
            Value::Bool(true) => 2,
            Value::Number(_) => 3,
            Value::String(_) => 4,
            Value::Array(_) => 5,
            Value::Object(_) => 6,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        compare(self, other) == Ordering::Equal
    }
}

/// jq's order of values. NaN is less than every number, itself too.
pub(super) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left.partial_cmp(right).unwrap_or(match left.is_nan() {
                true => Ordering::Less,
                false => Ordering::Greater,
            })
        }
        (Value::String(left), Value::String(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Value::Array(left), Value::Array(right)) => {
            let pairs = left.items.iter().zip(&right.items);
            pairs
                .map(|(left, right)| compare(left, right))
                .find(|order| order.is_ne())
                .unwrap_or_else(|| left.items.len().cmp(&right.items.len()))
        }
        (Value::Object(left), Value::Object(right)) => {
            let keys = |object: &Object| -> Vec<Rc<str>> {
                object.sorted().map(|(key, _)| key.clone()).collect()
            };
            keys(left).cmp(&keys(right)).then_with(|| {
                let pairs = left.sorted().zip(right.sorted());
                pairs
                    .map(|((_, left), (_, right))| compare(left, right))
                    .find(|order| order.is_ne())
                    .unwrap_or(Ordering::Equal)
            })
        }
        _ => left.rank().cmp(&right.rank()),
    }
}
