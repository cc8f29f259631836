//! Every place that takes a number takes in turn numbers that no type holds, and what is no number:
//! the command is answered, and so is the next one.

use super::bombs::limited;

/// What stands where a number belongs.
const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e400",
    "NaN",
    "",
    "٣",
];

/// Commands with a number, which stands for `@`.
const COMMANDS: [&str; 44] = [
    "kubectl scale deployment web --replicas=@",
    "kubectl logs web-pod --tail=@ --limit-bytes=@",
    "kubectl logs web-pod --since=@s",
    "kubectl delete pod none --grace-period=@ --timeout=@s",
    "kubectl wait --for=delete pod/none --timeout=@s",
    "kubectl rollout undo deployment web --to-revision=@",
    "kubectl autoscale deployment web --name=h@ --min=1 --max=@",
    "kubectl expose deployment web --name=e --port=@",
    "kubectl get nodes -o jsonpath='{.items[@:@:@].metadata.name}'",
    "kubectl get nodes -o go-template='{{index .items @}}'",
    "kubectl get --request-timeout=@ pods",
    "curl -m @ --retry @ http://localhost:@/",
    "head -n @ f",
    "head -c @ f",
    "tail -n @ f",
    "tail -n +@ f",
    "cut -c @ f",
    "cut -f @- f",
    "sort -k @ f",
    "sort -k 1.@,@ f",
    "uniq -f @ -s @ -w @ f",
    "fold -w @ f",
    "nl -w @ -v @ f",
    "od -j @ -N @ f",
    "seq 1 @ 3",
    "sed -n '@p' f",
    "sed '1,+@d' f",
    "sed '1~@d' f",
    "sed '0~@d' f",
    "sed 's/o/0/@' f",
    "grep -A @ -B @ -m @ root f",
    "xargs -n @ echo < f",
    "awk 'BEGIN { print substr(\"abc\", @, @), int(@), 7 % @ }'",
    "awk 'BEGIN { printf \"%.@d\\n\", 1 }'",
    "jq -n '[1, 2, 3][@:@]'",
    "jq -n '@ | tostring, (. % 3)'",
    "jq -n '@ | todate'",
    "printf '%@d|%.@s\\n' 1 a",
    "echo $((@ + 1)) $((1 << @)) $((-9223372036854775807 - 1 / @))",
    "x=abcdef; echo ${x:@:@}; a=(1 2); echo ${a[@]:@:@}",
    "read -t @ -n @ x < f",
    "timeout @ true",
    "date -u -d @@",
    "find . -maxdepth @ -size @",
];

#[test]
fn every_place_of_a_number_takes_what_no_type_holds() {
    let mut script = "printf 'root o a\\nb c d\\nb c d\\n' > f\n\
         kubectl create deployment web --image=nginx\nkubectl run web-pod --image=nginx\nsleep 9\n"
        .to_owned();
    for command in COMMANDS {
        for number in NUMBERS {
            // Each in a shell of its own, which a wrong word may end.
            let line = command.replace('@', number).replace('\'', "'\\''");
            script += &format!("timeout 9 bash -c '{line}' < /dev/null > /dev/null 2>&1\n");
        }
    }
    let told = limited(&script);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    assert!(told.stdout.ends_with("still here\n"), "{}", told.stderr);
}
