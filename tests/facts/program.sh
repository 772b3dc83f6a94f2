e() { printf '%s\0%s\0' "$1" "$2"; }
has() { command -v "$1" >/dev/null 2>&1; }
v=$(env -0 2>/dev/null | tr '\0' '\1'); e env "${v:-$(env)}"
[ -n "$debian_chroot" ] && e debian_chroot "$debian_chroot"
LC_ALL=C; LANG=C; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin; export LC_ALL LANG PATH
unset LANGUAGE
facts='/etc/ansible/facts.d'
limit=10
e files "$(grep -s '' /etc/SuSE-release /etc/alpine-release /etc/altlinux-release /etc/arch-release /etc/centos-release /etc/debian_version /etc/gentoo-release /etc/iscsi/initiatorname.iscsi /etc/lsb-release /etc/machine-id /etc/nvme/hostnqn /etc/openssh/ssh_host_*_key.pub /etc/openwrt_release /etc/oracle-release /etc/os-release /etc/redhat-release /etc/resolv.conf /etc/selinux/config /etc/slackware-version /etc/ssh/ssh_host_*_key.pub /etc/ssh_host_*_key.pub /etc/system-release /proc/1/cgroup /proc/1/comm /proc/cmdline /proc/loadavg /proc/meminfo /proc/sys/crypto/fips_enabled /proc/uptime /proc/xen/capabilities /run/systemd/container /sys/block/*/*/dm/name /sys/block/*/*/size /sys/block/*/*/start /sys/block/*/device/model /sys/block/*/device/sas_address /sys/block/*/device/sas_device_handle /sys/block/*/device/serial /sys/block/*/device/vendor /sys/block/*/queue/discard_granularity /sys/block/*/queue/discard_max_hw_bytes /sys/block/*/queue/hw_sector_size /sys/block/*/queue/logical_block_size /sys/block/*/queue/rotational /sys/block/*/queue/scheduler /sys/block/*/removable /sys/block/*/size /sys/block/dm-*/dm/name /sys/class/fc_host/*/port_name /sys/class/net/*/address /sys/class/net/*/bonding/* /sys/class/net/*/bonding_slave/perm_hwaddr /sys/class/net/*/bridge/bridge_id /sys/class/net/*/bridge/stp_state /sys/class/net/*/flags /sys/class/net/*/mtu /sys/class/net/*/operstate /sys/class/net/*/speed /sys/class/net/*/type /sys/devices/virtual/dmi/id/bios_date /sys/devices/virtual/dmi/id/bios_vendor /sys/devices/virtual/dmi/id/bios_version /sys/devices/virtual/dmi/id/board_asset_tag /sys/devices/virtual/dmi/id/board_name /sys/devices/virtual/dmi/id/board_serial /sys/devices/virtual/dmi/id/board_vendor /sys/devices/virtual/dmi/id/board_version /sys/devices/virtual/dmi/id/chassis_asset_tag /sys/devices/virtual/dmi/id/chassis_serial /sys/devices/virtual/dmi/id/chassis_type /sys/devices/virtual/dmi/id/chassis_vendor /sys/devices/virtual/dmi/id/chassis_version /sys/devices/virtual/dmi/id/product_family /sys/devices/virtual/dmi/id/product_name /sys/devices/virtual/dmi/id/product_serial /sys/devices/virtual/dmi/id/product_uuid /sys/devices/virtual/dmi/id/product_version /sys/devices/virtual/dmi/id/sys_vendor /sys/fs/selinux/enforce /sys/fs/selinux/policyvers /sys/hypervisor/type /usr/lib/os-release /var/lib/dbus/machine-id /dev/null 2>/dev/null)"
e links "$(ls -ld /dev/disk/by-id/* /dev/disk/by-label/* /dev/disk/by-uuid/* /etc/products.d/baseproduct /sbin/init /sys/block/* /sys/block/*/*/holders/* /sys/block/*/holders/* /sys/block/*/slaves/* /sys/class/net/*/brif/* /sys/class/net/*/device /sys/class/net/*/device/driver/module /usr/bin/dnf /usr/bin/microdnf 2>/dev/null)"
for p in /.dockerenv /.dockerinit /bin/opkg /dev/.run/systemd/ /dev/.systemd/ /dev/kvm /etc/arch-release /etc/dinit.d/ /etc/init.d/ /etc/init/ /opt/homebrew/bin/brew /opt/local/bin/port /proc/bc /proc/lve /proc/vz /proc/xen /run/ostree-booted /run/systemd/system/ /sbin/apk /sbin/openrc /sys/kernel/security/apparmor /usr/bin/apt-get /usr/bin/dnf /usr/bin/dnf-3 /usr/bin/dnf5 /usr/bin/emerge /usr/bin/microdnf /usr/bin/pacman /usr/bin/pkg /usr/bin/rpm-ostree /usr/bin/swupd /usr/bin/xbps-install /usr/bin/yum /usr/bin/zypper /usr/local/bin/brew /usr/local/sbin/pkg /usr/pkg/bin/pkgin /usr/sbin/pkg /usr/sbin/urpmi; do [ -e "$p" ] && e exists "$p"; done
e uname "$(uname -snrvm)"
n=$(hostname -f 2>/dev/null) || n=$(uname -n); e fqdn "${n:-$(uname -n)}"
e bits "$(getconf LONG_BIT 2>/dev/null)"
if [ -n "$debian_chroot" ]; then e chroot 1
elif [ -e /proc/1/root/. ]; then if [ / -ef /proc/1/root/. ]; then e chroot 0; else e chroot 1; fi
else e root_folder "$(stat -c %i / 2>/dev/null) $(stat -f -c %T / 2>/dev/null)"; fi
has lsb_release && e lsb "$(lsb_release -a 2>/dev/null)"
d=$(date '+%Y|%m|%d|%H|%M|%S|%A|%w|%W|%s|%Z|%z|%N'); s=${d#*|*|*|*|*|*|*|*|*|}; s=${s%%|*}
e date "$d
$(date -d "@$((s + 15768000))" '+%Z|%z' 2>/dev/null || date -r "$((s + 15768000))" '+%Z|%z' 2>/dev/null)"
u=$(id -un); e user "$u"; e user_ids "$(id -ru) $(id -u) $(id -rg) $(id -g)"
e passwd "$(getent passwd "$u" 2>/dev/null || grep "^$u:" /etc/passwd)"
has capsh && e caps "$(capsh --print 2>/dev/null)"
[ -e /usr/bin/rpm ] && [ -e /usr/bin/apt-get ] && /usr/bin/rpm -q --whatprovides /usr/bin/apt-get >/dev/null 2>&1 && e apt_is_rpm 1
has systemctl && e has_systemctl 1
has initctl && e has_initctl 1
[ -r /proc/1/comm ] || e process_1 "$(ps -p 1 -o comm= 2>/dev/null)"
[ -d /run/systemd/system ] && has systemctl && e systemd "$(systemctl --version 2>/dev/null)"
if has ip; then
e ip_addr "$(ip addr 2>/dev/null)"
e ip_route4 "$(ip -4 route get 8.8.8.8 2>/dev/null)"
e ip_route6 "$(ip -6 route get 2404:6800:400a:800::1012 2>/dev/null)"
e ip_local "$(ip -4 route show table local 2>/dev/null; ip -6 route show table local 2>/dev/null)"
fi
e cpuinfo "$(grep -v -e '^flags' -e '^bugs' -e '^vmx flags' /proc/cpuinfo 2>/dev/null)"
e cpu_flags "$(grep -m 1 '^flags' /proc/cpuinfo 2>/dev/null)"
e nproc "$(nproc 2>/dev/null)"
has lspci && e lspci "$(lspci -D 2>/dev/null)"
if has vgs; then
e lvm 1
if [ "$(id -u)" = 0 ]; then
o='--noheadings --nosuffix --units g --separator ,'
e vgs "$(vgs $o 2>/dev/null)"; e lvs "$(lvs $o 2>/dev/null)"
e pvs "$(pvs $o 2>/dev/null)"
fi; fi
if [ -r /etc/mtab ]; then m=/etc/mtab; else m=/proc/mounts; fi
e mounts "$(cat $m 2>/dev/null)"
e mountinfo "$(cat /proc/self/mountinfo 2>/dev/null)"
has lsblk && e lsblk "$(lsblk --list --noheadings --paths --output NAME,UUID --exclude 2 2>/dev/null)"
size() { stat -f -c '%n|%S|%s|%b|%a|%c|%d' "$@" 2>/dev/null; }
e sizes "$(set --
while read -r device folder kind rest; do
  case $device in /*|*:/*|'\'*) ;; *) continue;; esac
  case $folder in *'\'*) folder=$(printf '%s' "$folder" | sed -e 's/\\040/ /g' -e 's/\\011/	/g' -e 's/\\134/\\/g');; esac
  case $kind in nfs*|cifs|smb*|fuse.*|ceph|glusterfs|9p|afs)
    has timeout && timeout "$limit" stat -f -c '%n|%S|%s|%b|%a|%c|%d' "$folder" 2>/dev/null; [ $? = 124 ] && printf '%s|late\n' "$folder";;
  *) set -- "$@" "$folder";; esac
done <$m
[ $# -gt 0 ] && size "$@")"
e process_1_env "$({ tr '\0' '\n' </proc/1/environ; } 2>/dev/null)"
e vserver "$(grep '^VxID:' /proc/self/status 2>/dev/null)"
e cpu_kind "$(grep -e '^model name' -e '^vendor_id' -e '^machine' /proc/cpuinfo 2>/dev/null | sort -u)"
e modules "$(cut -d ' ' -f 1 /proc/modules 2>/dev/null)"
for p in "$facts"/*.fact; do
[ -e "$p" ] || continue
e local "$p"
if [ -x "$p" ] && [ ! -d "$p" ]; then
  e local_ran "$({ x=$("$p" 2>&1 >&3 3>&- </dev/null; r=$?; printf .; exit $r); printf '\1%s\1%s\1' "$?" "${x%.}"; } 3>&1)"
else e local_text "$(cat "$p" 2>/dev/null)"; fi
done
e end ''
:
