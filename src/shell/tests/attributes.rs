//! What files have beside their content: modes, owners, moments, links.

use super::{complaint, output};

#[test]
fn a_script_runs_once_it_has_the_right_to() {
    let write = "printf '#!/bin/sh\\necho run $1\\n' > s";
    let (said, exit) = complaint(&format!("{write}; ./s a"));
    assert!(said.ends_with("./s: Permission denied\n") && exit == 126, "{said}");
    assert_eq!(
        output(&format!("{write}; chmod +x s; ./s a; ls -l s | cut -c1-10")),
        "run a\n-rwxr-xr-x\n"
    );
    assert_eq!(
        output("touch s; test -x s; echo $?; chmod u=rwx,go= s; test -x s; stat -c %a s"),
        "1\n700\n"
    );
}

#[test]
fn a_link_is_followed_and_removed_by_itself() {
    assert_eq!(output("echo a > f; ln -s f l; cat l; readlink l; rm l; cat f"), "a\nf\na\n");
    assert_eq!(
        output("mkdir d; echo a > d/f; ln -s d l; cat l/f; echo b > l/g; ls d; find . -type l"),
        "a\nf\ng\n./l\n"
    );
    assert_eq!(
        output("ln -s nowhere l; test -e l || echo gone; test -L l && ls -l l | sed 's/.* l/l/'"),
        "gone\nl -> nowhere\n"
    );
    assert_eq!(output("ln -s a b; ln -s b a; cat a 2>&1 | cut -c1-6"), "cat: a\n");
}

#[test]
fn files_know_when_they_were_written() {
    assert_eq!(
        output(
            "touch -d 2025-02-03 a; stat -c %y a; touch b; [ b -nt a ] && echo newer; find a b -newer a"
        ),
        "2025-02-03 00:00:00.000000000 +0000\nnewer\nb\n"
    );
    assert_eq!(
        output("touch -t 202501010000 a; touch b; cp -p a c; stat -c %Y c; ls -t | head -1"),
        "1735689600\nb\n"
    );
}

#[test]
fn who_is_not_root_gives_nothing_away() {
    assert_eq!(
        complaint("touch f; chown root f"),
        ("chown: changing ownership of 'f': Operation not permitted\n".into(), 1)
    );
    assert_eq!(complaint("touch f; chown nosuch f").0, "chown: invalid user: 'nosuch'\n");
}
