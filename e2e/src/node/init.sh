# The first process of a node's namespaces. When it is killed, the kernel ends every
# process in them and drops their mounts and network: there is nothing to clean up.
# $1: directory of the throwaway cluster; $2: the node's address.
set -eu

# What programs keep at fixed places goes to the cluster's own directory.
mount --make-rprivate /
for place in /run /var/lib /var/log; do
    mkdir -p "$1/node$place"
    mount --bind "$1/node$place" "$place"
done

# kubelet sets these for the whole machine; here it writes to copies.
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops \
    kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
    copy="$1/node/$(echo "$setting" | tr / .)"
    cat "/proc/sys/$setting" >"$copy"
    mount --bind "$copy" "/proc/sys/$setting"
done

# One pair of devices, whose far end nobody uses, carries the address and the
# default route that kubelet insists on.
ip link set lo up
ip link add node0 type veth peer name node1
ip link set node1 up
ip address add "$2/24" dev node0
ip link set node0 up
ip route add default dev node0
echo 1 >/proc/sys/net/ipv4/ip_forward

: >"$1/node/ready"
# Not exec: a shell that waits also reaps what loses its parent.
sleep infinity
