//! Users and groups: who a container's processes are.

use serde::Deserialize;

use super::Image;

/// A line of `/etc/passwd` without its password: `curl_user:100:101:/home/curl_user`. Its words on
/// the user and the shell may follow; they are the name and `nologin` otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Account {
    pub name: String,
    pub id: u32,
    /// Its primary group.
    pub group: u32,
    pub home: String,
    /// Who it is, in words.
    pub words: Option<String>,
    /// What it logs in to.
    pub shell: Option<String>,
}

/// A line of `/etc/group`: `wheel:10:root`, members behind the number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Group {
    pub name: String,
    pub id: u32,
    pub members: Vec<String>,
}

impl TryFrom<String> for Account {
    type Error = String;

    fn try_from(line: String) -> Result<Account, String> {
        let parts: Vec<&str> = line.split(':').collect();
        let numbers = |id: &str, group: &str| Some((id.parse().ok()?, group.parse().ok()?));
        match parts.as_slice() {
            [name, id, group, home, more @ ..] if more.len() < 3 => {
                numbers(id, group).map(|(id, group)| Account {
                    name: (*name).to_owned(),
                    id,
                    group,
                    home: (*home).to_owned(),
                    words: more.first().map(|words| (*words).to_owned()),
                    shell: more.get(1).map(|shell| (*shell).to_owned()),
                })
            }
            _ => None,
        }
        .ok_or_else(|| format!("\"{line}\" is no account: NAME:ID:GROUP-ID:HOME[:WORDS[:SHELL]]"))
    }
}

impl TryFrom<String> for Group {
    type Error = String;

    fn try_from(line: String) -> Result<Group, String> {
        let parts: Vec<&str> = line.split(':').collect();
        let (name, id, members) = match parts.as_slice() {
            [name, id] => (name, id, ""),
            [name, id, members] => (name, id, *members),
            _ => return Err(format!("\"{line}\" is no group: NAME:ID[:MEMBER,...]")),
        };
        let id = id.parse().map_err(|_| format!("\"{line}\": \"{id}\" is no number"))?;
        let members = members.split(',').filter(|member| !member.is_empty());
        Ok(Group { name: (*name).to_owned(), id, members: members.map(str::to_owned).collect() })
    }
}

/// `/etc/passwd` of these accounts; `nologin` is the shell of who has none.
pub(super) fn passwd(accounts: &[Account], nologin: &str) -> String {
    let line = |account: &Account| {
        let Account { name, id, group, home, words, shell } = account;
        let words = words.as_ref().unwrap_or(name);
        let shell = shell.as_deref().unwrap_or(nologin);
        format!("{name}:x:{id}:{group}:{words}:{home}:{shell}\n")
    };
    accounts.iter().map(line).collect()
}

/// `/etc/group` of these groups.
pub(super) fn group(groups: &[Group]) -> String {
    let line =
        |group: &Group| format!("{}:x:{}:{}\n", group.name, group.id, group.members.join(","));
    groups.iter().map(line).collect()
}

/// Who a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user's number, and its name where `/etc/passwd` has one.
    pub user: (u32, Option<String>),
    /// The primary group.
    pub group: (u32, Option<String>),
    /// All its groups, the primary one among them, by number.
    pub groups: Vec<(u32, Option<String>)>,
    /// Its home: `/` for who has none.
    pub home: String,
}

impl Identity {
    /// The user of a place outside containers.
    pub(in crate::cluster) fn of_machine(name: &str, id: u32, home: &str) -> Identity {
        let own = (id, Some(name.to_owned()));
        Identity { user: own.clone(), group: own.clone(), groups: vec![own], home: home.to_owned() }
    }

    /// The user that an image's USER or a specification's `runAsUser` names: `nginx`, `101`,
    /// `101:0`. A number that `/etc/passwd` does not know has group 0.
    pub(in crate::cluster) fn of(user: &str, image: &Image) -> Identity {
        let (user, group) = match user.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (user, None),
        };
        let named = |account: &&Account| match user.parse::<u32>() {
            Ok(id) => account.id == id,
            Err(_) => account.name == user || user.is_empty() && account.id == 0,
        };
        let account = image.accounts.iter().find(named);
        let id = account.map_or_else(|| user.parse().unwrap_or(0), |account| account.id);
        let own = account.map_or(0, |account| account.group);
        let group = group.map_or(own, |group| {
            let known = image.groups.iter().find(|known| known.name == group);
            group.parse().ok().or(known.map(|known| known.id)).unwrap_or(own)
        });
        let name = account.map(|account| account.name.clone());
        let belongs = |known: &&Group| {
            name.as_ref().is_some_and(|name| known.members.iter().any(|member| member == name))
        };
        let more = image.groups.iter().filter(belongs).map(|known| known.id);
        let groups: Vec<u32> = more.collect();
        let home = account.map_or("/", |account| account.home.as_str()).to_owned();
        let mut identity = Identity {
            user: (id, name),
            group: (group, None),
            groups: groups.into_iter().map(|id| (id, None)).collect(),
            home,
        };
        identity.set_group(group, image);
        identity
    }

    /// Gives it another primary group.
    pub(in crate::cluster) fn set_group(&mut self, group: u32, image: &Image) {
        let old = std::mem::replace(&mut self.group, (group, None)).0;
        self.groups.retain(|(id, _)| *id != old);
        self.add_groups([group], image);
    }

    /// Adds groups, and names them all.
    pub(in crate::cluster) fn add_groups(
        &mut self,
        more: impl IntoIterator<Item = u32>,
        image: &Image,
    ) {
        let mut all: Vec<u32> = self.groups.iter().map(|(id, _)| *id).chain(more).collect();
        all.sort_unstable();
        all.dedup();
        self.group = named_group(self.group.0, image);
        self.groups = all.into_iter().map(|id| named_group(id, image)).collect();
    }

    /// Whether it is root.
    pub fn is_root(&self) -> bool {
        self.user.0 == 0
    }

    /// The name, or the number of who has none.
    pub fn name(&self) -> String {
        self.user.1.clone().unwrap_or_else(|| self.user.0.to_string())
    }

    /// The primary group's name, or its number.
    pub fn group_name(&self) -> String {
        self.group.1.clone().unwrap_or_else(|| self.group.0.to_string())
    }
}

/// A group's number, and its name where the image knows one.
fn named_group(id: u32, image: &Image) -> (u32, Option<String>) {
    let found = image.groups.iter().find(|known| known.id == id);
    (id, found.map(|known| known.name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_passwd_and_group_are_read_strictly() {
        let account = Account::try_from("curl_user:100:101:/home/curl_user".to_owned()).unwrap();
        assert_eq!((account.id, account.group), (100, 101));
        let nobody = "nobody:65534:65534:/".to_owned();
        assert_eq!(
            passwd(&[account, nobody.try_into().unwrap()], "/sbin/nologin"),
            "curl_user:x:100:101:curl_user:/home/curl_user:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"
        );
        assert!(Account::try_from("curl_user:x:100".to_owned()).is_err());
        let group = Group::try_from("wheel:10:root,other".to_owned()).unwrap();
        assert_eq!(group.members, ["root", "other"]);
        assert!(Group::try_from("wheel:ten".to_owned()).unwrap_err().contains("is no number"));
    }
}
