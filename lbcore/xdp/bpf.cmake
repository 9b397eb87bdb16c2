# BPF programs: C for the kernel's machine, compiled by clang, carried inside the program that loads it.
find_program(BPF_CLANG clang REQUIRED)
find_program(BPFTOOL bpftool REQUIRED)
pkg_check_modules(bpf REQUIRED IMPORTED_TARGET libbpf)

# bpf_skeleton(TARGET SOURCE NAME): TARGET's files may include <NAME.skel.h>, libbpf's typed loader of SOURCE.
function(bpf_skeleton target source name)
  set(folder ${CMAKE_BINARY_DIR}/bpf/${name})
  set(object ${folder}/${name}.bpf.o)
  set(skeleton ${folder}/${name}.skel.h)
  file(MAKE_DIRECTORY ${folder})
  # The headers of the kernel's machine lie in a folder of their own, which clang does not look into for BPF.
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${BPF_CLANG} -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Wno-address-of-packed-member
            -I${CMAKE_SOURCE_DIR} -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
            -MD -MF ${object}.d -MT ${skeleton} -c ${CMAKE_SOURCE_DIR}/${source} -o ${object}.debug
    COMMAND ${BPFTOOL} gen object ${object} ${object}.debug
    COMMAND ${BPFTOOL} gen skeleton ${object} name ${name} > ${skeleton}
    DEPENDS ${CMAKE_SOURCE_DIR}/${source}
    DEPFILE ${object}.d
    COMMENT "BPF program ${source}"
    VERBATIM)
  target_sources(${target} PRIVATE ${skeleton})
  target_include_directories(${target} SYSTEM PRIVATE ${folder})
  target_link_libraries(${target} PUBLIC PkgConfig::bpf)
endfunction()
