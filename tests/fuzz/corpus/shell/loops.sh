for i in $(seq 3); do echo "$i ${i#x} $((i + 1))" | sed 's/1/one/;s/ /-/g' >> f; done; while read -r a b; do [ -n "$b" ] && printf '%s|%5s\n' "$a" "$b"; done < f
f() { local x=${1:-none}; case $x in a*|b) echo A;; *) echo "$@";; esac; }; f abc && f || ! f z; cat <<END | sort -V | head -2; echo $?
b $(hostname)
a
END
