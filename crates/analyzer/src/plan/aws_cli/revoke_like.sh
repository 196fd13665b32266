# revoke_like DIRECTION REGION GROUP WHAT PERMISSIONS [RULE]: a rule by its content; RULE is its name in this script.
revoke_like() {
  local direction=$1 region=$2 group=$3 what=$4 permissions=$5
  shift 5
  if [[ $unrestored == *";$group $direction;"* ]]; then
    say "  stays: $what (not everything that it came for could be restored)"
    return 0
  fi
  outcome=before
  if [[ $# -eq 0 ]] || ! all_gone "$@"; then
    attempt "$region" ec2 "revoke-security-group-$direction" --group-id "$group" --ip-permissions "$permissions"
  fi
  if [[ $outcome == refused ]]; then
    say "  not revoked: $what"
  elif [[ $outcome == before ]]; then
    say "  gone already: $what"
    before=$((before + 1))
  else
    say "  $revoke_word: $what"
    revoked=$((revoked + 1))
  fi
}
