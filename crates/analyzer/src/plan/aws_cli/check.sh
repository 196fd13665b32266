listing=''
differing=0

# read_rules REGION FILTERS: what the rules of some groups are now, a line for each: id, group, direction, protocol, ports, peer.
read_rules() {
  local columns output id group egress protocol from to peer direction ports
  columns='SecurityGroupRuleId, GroupId, to_string(IsEgress), IpProtocol, to_string(FromPort), to_string(ToPort)'
  columns="$columns, not_null(CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupInfo.GroupId, 'none')"
  if ! output=$(in_region "$1" ec2 describe-security-group-rules --filters "$2" \
    --query "SecurityGroupRules[].[join(' ', [$columns])]" --output text); then
    stop 'cannot read the rules as they are now; nothing was changed'
  fi
  # Filters find nothing, rather than fail, where the groups are in another region or account.
  if [[ -z $output ]]; then
    stop "no rule of these groups is to be seen: check region and profile; nothing was changed"
  fi
  listing=$'\n'
  while read -r id group egress protocol from to peer; do
    if [[ -z $id ]]; then continue; fi
    direction=ingress
    if [[ $egress == true ]]; then direction=egress; fi
    case $protocol in
      6) protocol=tcp ;;
      17) protocol=udp ;;
      1) protocol=icmp ;;
      58) protocol=icmpv6 ;;
    esac
    case $protocol in
      tcp | udp)
        ports=$from-$to
        if [[ $from == null || $from == -1 || $to == null || $to == -1 ]]; then ports=all; fi
        ;;
      icmp | icmpv6)
        if [[ $from == null ]]; then from=-1; fi
        if [[ $to == null || $from == -1 ]]; then to=-1; fi
        ports=$from/$to
        ;;
      # AWS looks at no ports of the others.
      *) ports=all ;;
    esac
    listing+="$id $group $direction $protocol $ports $peer"$'\n'
  done <<<"$output"
}

# is_listed GROUP CONTENT
is_listed() {
  [[ $listing == *" $1 $2"$'\n'* ]]
}

# differs TEXT: stops the script, but only once all that differs is told.
differs() {
  printf 'differs: %s\n' "$1" >&2
  differing=$((differing + 1))
}

# expect RULE GROUP CONTENT [CONTENT...]: a rule to be revoked must be what it was, or gone; the contents after it must be
# there if it is gone, for other rules go because of it or of these.
expect() {
  local rule=$1 group=$2 was=$3 content
  shift 3
  case $listing in
    *$'\n'"$rule $group $was"$'\n'*) return 0 ;;
    *$'\n'"$rule "*)
      differs "$rule of $group is no longer: $was"
      return 0
      ;;
  esac
  is_gone "$rule" "$group" "$was" "$@"
}

# expect_like RULE GROUP CONTENT [CONTENT...]: the same for a rule whose id is not known; RULE is its name in this script.
expect_like() {
  if is_listed "$2" "$3"; then return 0; fi
  is_gone "$@"
}

is_gone() {
  local rule=$1 group=$2 was=$3 content
  shift 3
  say "gone already: $rule of $group ($was)"
  gone+="$rule "
  for content in "$@"; do
    if ! is_listed "$group" "$content"; then
      differs "$rule of $group is gone, and other rules are to go because it allows what they allow: $was"
      return 0
    fi
  done
}

# must_stay GROUP CONTENT: a rule because of which others go.
must_stay() {
  if ! is_listed "$1" "$2"; then
    differs "$1 no longer has a rule because of which others are to go: $2"
  fi
}

# Nothing is changed unless everything is as it was.
settle() {
  if [[ $differing -gt 0 ]]; then
    stop "the groups are not what they were when they were analysed ($differing, above); nothing was changed; make a new plan"
  fi
}
