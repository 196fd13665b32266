# How what is done is told.
add_word=added
revoke_word=revoked
if [[ $dry_run == yes ]]; then
  add_word='would be added'
  revoke_word='would be revoked'
fi

# Whether a call that is refused ends the script. Taking a change back goes on: what can be restored is.
go_on=no
refused=0
# Group and direction of what could not be restored, each between semicolons: nothing is revoked there.
unrestored=';'

# Rules that are gone already, each between spaces.
gone=' '

# all_gone RULE...
all_gone() {
  local rule
  for rule in "$@"; do
    if [[ $gone != *" $rule "* ]]; then return 1; fi
  done
}

# attempt REGION ARGUMENT...: a call that changes something. `outcome` is then `done`; or `before`, where what it is for was so
# already. Anything else ends the script, or is `refused` where it goes on.
attempt() {
  local region=$1 output
  shift
  if [[ $dry_run == yes ]]; then set -- "$@" --dry-run; fi
  outcome='done'
  if output=$(in_region "$region" "$@" 2>&1); then
    # In a default VPC it is no error to revoke what is not there.
    if [[ $output == *'"UnknownIpPermissions": ['$'\n'* ]]; then outcome=before; fi
    return 0
  fi
  case $output in
    *'error occurred (InvalidPermission.Duplicate) '* | *'error occurred (InvalidPermission.NotFound) '* | \
      *'error occurred (InvalidSecurityGroupRuleId.NotFound) '*)
      outcome=before
      ;;
    *'(DryRunOperation)'*)
      if [[ $dry_run != yes ]]; then stop "${output#$'\n'}"; fi
      ;;
    *)
      if [[ $go_on != yes ]]; then stop "${output#$'\n'}"; fi
      printf 'refused: %s\n' "${output#$'\n'}" >&2
      outcome=refused
      refused=$((refused + 1))
      ;;
  esac
}

# add DIRECTION REGION GROUP WHAT PERMISSIONS TAGS [RULE...]: a rule; where it comes in the place of others, only if one of these
# is still there.
add() {
  local direction=$1 region=$2 group=$3 what=$4 permissions=$5 tags=$6
  shift 6
  if [[ $# -gt 0 ]] && all_gone "$@"; then
    say "  not added: $what (what it would replace is gone)"
    before=$((before + 1))
    return 0
  fi
  set -- ec2 "authorize-security-group-$direction" --group-id "$group" --ip-permissions "$permissions"
  if [[ -n $tags ]]; then set -- "$@" --tag-specifications "$tags"; fi
  attempt "$region" "$@"
  if [[ $outcome == refused ]]; then
    say "  not restored: $what"
    unrestored+="$group $direction;"
  elif [[ $outcome == before ]]; then
    say "  there already: $what"
    before=$((before + 1))
  else
    say "  $add_word: $what"
    added=$((added + 1))
  fi
}
