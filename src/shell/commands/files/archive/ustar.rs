//! The format of archives: a head of 512 bytes for each member, and its content in blocks of 512.

use k8s_openapi::jiff::Timestamp;

/// What a block holds.
const BLOCK: usize = 512;

/// GNU's `tar` writes this many blocks at once.
const RECORD: usize = 20 * BLOCK;

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link(String),
}

/// One member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its path; a folder's ends with `/`.
    pub name: String,
    pub kind: Kind,
    pub mode: u32,
    pub owner: String,
    pub group: String,
    /// Its owner's and its group's numbers.
    pub ids: [u32; 2],
    /// When it was written last.
    pub changed: Timestamp,
    pub content: Vec<u8>,
}

fn put(head: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    head[at..at + bytes.len()].copy_from_slice(bytes);
}

fn head(member: &Member, name: &str, letter: u8, size: usize, target: &str) -> [u8; BLOCK] {
    let mut head = [0; BLOCK];
    put(&mut head, 0, &name.as_bytes()[..name.len().min(100)]);
    put(&mut head, 100, format!("{:07o}", member.mode & 0o7777).as_bytes());
    put(&mut head, 108, format!("{:07o}", member.ids[0] & 0o7_777_777).as_bytes());
    put(&mut head, 116, format!("{:07o}", member.ids[1] & 0o7_777_777).as_bytes());
    put(&mut head, 124, format!("{size:011o}").as_bytes());
    let seconds = u64::try_from(member.changed.as_second()).unwrap_or(0);
    put(&mut head, 136, format!("{seconds:011o}").as_bytes());
    put(&mut head, 148, b"        ");
    head[156] = letter;
    put(&mut head, 157, &target.as_bytes()[..target.len().min(100)]);
    put(&mut head, 257, b"ustar  \0");
    put(&mut head, 265, &member.owner.as_bytes()[..member.owner.len().min(31)]);
    put(&mut head, 297, &member.group.as_bytes()[..member.group.len().min(31)]);
    let sum: u32 = head.iter().copied().map(u32::from).sum();
    put(&mut head, 148, format!("{sum:06o}\0 ").as_bytes());
    head
}

fn fill(out: &mut Vec<u8>, to: usize) {
    out.resize(out.len().next_multiple_of(to), 0);
}

/// The bytes of an archive.
pub(super) fn write(members: &[Member]) -> Vec<u8> {
    let mut out = Vec::new();
    for member in members {
        let (letter, target) = match &member.kind {
            Kind::File => (b'0', ""),
            Kind::Folder => (b'5', ""),
            Kind::Link(target) => (b'2', target.as_str()),
        };
        // GNU's long names stand in a member of their own.
        if member.name.len() > 100 {
            out.extend(head(member, "././@LongLink", b'L', member.name.len() + 1, ""));
            out.extend_from_slice(member.name.as_bytes());
            out.push(0);
            fill(&mut out, BLOCK);
        }
        out.extend(head(member, &member.name, letter, member.content.len(), target));
        out.extend_from_slice(&member.content);
        fill(&mut out, BLOCK);
    }
    out.extend([0; 2 * BLOCK]);
    fill(&mut out, RECORD);
    out
}

/// Why bytes are no archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Foreign,
    Short,
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn number(bytes: &[u8]) -> Option<u64> {
    let text = text(bytes);
    let digits = text.trim_matches([' ', '\0']);
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// The members of an archive.
///
/// # Errors
/// Why it is none.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Member>, Unreadable> {
    let mut members = Vec::new();
    let mut long = None;
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some(head) = rest.get(..BLOCK) else {
            return Err(if members.is_empty() { Unreadable::Foreign } else { Unreadable::Short });
        };
        if head.iter().all(|byte| *byte == 0) {
            break;
        }
        let mut summed = head.to_vec();
        summed[148..156].fill(b' ');
        let sum: u64 = summed.iter().copied().map(u64::from).sum();
        if number(&head[148..156]) != Some(sum) {
            return Err(Unreadable::Foreign);
        }
        let size = number(&head[124..136]).ok_or(Unreadable::Foreign)? as usize;
        let content = rest.get(BLOCK..BLOCK + size).ok_or(Unreadable::Short)?;
        rest = rest.get(BLOCK + size.next_multiple_of(BLOCK)..).unwrap_or_default();
        if head[156] == b'L' {
            long = Some(text(content));
            continue;
        }
        members.push(member(head, content, long.take()));
    }
    Ok(members)
}

fn member(head: &[u8], content: &[u8], long: Option<String>) -> Member {
    let part = |from: usize, length: usize| &head[from..from + length];
    let prefix = if part(257, 8) == b"ustar\x0000" { text(part(345, 155)) } else { String::new() };
    let short = match prefix.is_empty() {
        true => text(part(0, 100)),
        false => format!("{prefix}/{}", text(part(0, 100))),
    };
    let id = |from: usize| u32::try_from(number(part(from, 8)).unwrap_or(0)).unwrap_or(0);
    let seconds = i64::try_from(number(part(136, 12)).unwrap_or(0)).unwrap_or(0);
    let mut name = long.unwrap_or(short);
    let kind = match head[156] {
        b'5' => Kind::Folder,
        b'2' => Kind::Link(text(part(157, 100))),
        _ => Kind::File,
    };
    if kind == Kind::Folder && !name.ends_with('/') {
        name.push('/');
    }
    let either = |name: String, id: u32| if name.is_empty() { id.to_string() } else { name };
    Member {
        name,
        kind,
        mode: id(100) & 0o7777,
        owner: either(text(part(265, 32)), id(108)),
        group: either(text(part(297, 32)), id(116)),
        ids: [id(108), id(116)],
        changed: Timestamp::from_second(seconds).unwrap_or_default(),
        content: content.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_can_be_read() {
        let file = Member {
            name: format!("folder/{}", "x".repeat(120)),
            kind: Kind::File,
            mode: 0o640,
            owner: "player".to_owned(),
            group: "player".to_owned(),
            ids: [1000, 1000],
            changed: Timestamp::from_second(1_700_000_000).expect("it is one"),
            content: b"hello\n".to_vec(),
        };
        let folder = Member {
            name: "folder/".to_owned(),
            kind: Kind::Folder,
            content: vec![],
            ..file.clone()
        };
        let link =
            Member { kind: Kind::Link("target".to_owned()), content: vec![], ..file.clone() };
        let all = vec![folder, file, link];
        let bytes = write(&all);
        assert_eq!(bytes.len(), RECORD);
        assert_eq!(read(&bytes), Ok(all));
        assert_eq!(read(b"banana\napple\n"), Err(Unreadable::Foreign));
        assert_eq!(read(&[b'x'; 1024]), Err(Unreadable::Foreign));
    }
}
